/** The few requests to GitHub's REST API that a comment needs. */

export interface PullRequest {
  readonly number: number;
  readonly head: { readonly sha: string };
}

export interface Comment {
  readonly id: number;
  readonly body: string;
  /** Who wrote it, as GitHub says: nobody can forge it. */
  readonly author: string;
}

export interface GitHub {
  /** The open pull requests of one branch, of a fork or of this repository. */
  pullRequests(owner: string, branch: string): Promise<PullRequest[]>;
  comments(pullRequest: number): Promise<Comment[]>;
  create(pullRequest: number, body: string): Promise<void>;
  edit(comment: number, body: string): Promise<void>;
}

/** Of one request. */
const TIMEOUT_MS = 30_000;
const PAGE = 100;
/** GitHub allows no more comments than this on a page times pages; an endless list is an error. */
const MOST_PAGES = 100;

/** @throws Error naming request, status and GitHub's message; never the token */
export function github(apiUrl: string, repository: string, token: string): GitHub {
  const base = `${apiUrl.replace(/\/$/, "")}/repos/${repository}`;

  async function request(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "user-agent": "fogline",
        "x-github-api-version": "2022-11-28",
      },
      body: body === undefined ? null : JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) {
      const text = (await response.text()).slice(0, 500);
      throw new Error(`${method} ${path}: GitHub answered ${response.status}: ${text}`);
    }
    return response.json();
  }

  async function all(path: string): Promise<unknown[]> {
    const found: unknown[] = [];
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const separator = path.includes("?") ? "&" : "?";
      const list = await request("GET", `${path}${separator}per_page=${PAGE}&page=${page}`);
      if (!Array.isArray(list)) {
        throw new Error(`GET ${path}: GitHub answered no list`);
      }
      found.push(...(list as unknown[]));
      if (list.length < PAGE) {
        return found;
      }
    }
    throw new Error(`GET ${path}: more than ${MOST_PAGES * PAGE} entries`);
  }

  return {
    async pullRequests(owner, branch) {
      const head = encodeURIComponent(`${owner}:${branch}`);
      return (await all(`/pulls?state=open&head=${head}`)) as PullRequest[];
    },
    async comments(pullRequest) {
      const list = await all(`/issues/${pullRequest}/comments`);
      return (list as { id: number; body?: string | null; user?: { login: string } | null }[]).map(
        ({ id, body, user }) => ({ id, body: body ?? "", author: user?.login ?? "" }),
      );
    },
    async create(pullRequest, body) {
      await request("POST", `/issues/${pullRequest}/comments`, { body });
    },
    async edit(comment, body) {
      await request("PATCH", `/issues/comments/${comment}`, { body });
    },
  };
}
