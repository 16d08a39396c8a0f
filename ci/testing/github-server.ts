/** A local stand-in of GitHub's comment API: pages, refuses long comments, knows who writes. */
import { createServer, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import type { AddressInfo } from "node:net";

import { COMMENT_LIMIT } from "../sections.ts";

export interface StoredComment {
  id: number;
  body: string;
  user: { login: string };
}

export interface GitHubServer extends AsyncDisposable {
  readonly url: string;
  readonly comments: StoredComment[];
  /** Requests so far, e.g. `POST /repos/o/r/issues/7/comments`. */
  readonly requests: string[];
}

export const TOKEN = "a-token-of-the-test";
export const BOT = "github-actions[bot]";

/** One repository `o/r` with pull request 7 of `someone:topic` at `head`. */
export async function startGitHub(head: string, comments: StoredComment[]): Promise<GitHubServer> {
  const requests: string[] = [];

  async function answer(request: IncomingMessage): Promise<[number, unknown]> {
    const url = new URL(request.url ?? "/", "http://stand-in");
    const route = `${request.method ?? ""} ${url.pathname}`;
    requests.push(route);
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      return [401, { message: "Bad credentials" }];
    }
    const size = Number(url.searchParams.get("per_page") ?? "30");
    const start = (Number(url.searchParams.get("page") ?? "1") - 1) * size;
    if (route === "GET /repos/o/r/pulls") {
      const isAsked = url.searchParams.get("head") === "someone:topic";
      return [200, isAsked && start === 0 ? [{ number: 7, head: { sha: head } }] : []];
    }
    if (route === "GET /repos/o/r/issues/7/comments") {
      return [200, comments.slice(start, start + size)];
    }
    if (request.method === "GET") {
      return [404, { message: "Not Found" }];
    }
    const { body } = (await json(request)) as { body: string };
    if (body.length > COMMENT_LIMIT) {
      return [422, { message: `Body is too long (maximum is ${COMMENT_LIMIT} characters)` }];
    }
    if (route === "POST /repos/o/r/issues/7/comments") {
      const created = { id: 5000 + comments.length, body, user: { login: BOT } };
      comments.push(created);
      return [201, created];
    }
    const id = /^PATCH \/repos\/o\/r\/issues\/comments\/(\d+)$/.exec(route)?.[1];
    const found = comments.find((comment) => String(comment.id) === id);
    if (found === undefined) {
      return [404, { message: "Not Found" }];
    }
    found.body = body;
    return [200, found];
  }

  const server = createServer((request, response) => {
    answer(request).then(
      ([status, body]) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(body));
      },
      (error: unknown) => response.destroy(error as Error),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    comments,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
