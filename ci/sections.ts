/** One stack's comment on a pull request, as text: its sections, what is folded, what is cut. */

/** What a comment shows, in this order. Each is written by a run of its own. */
export const SECTIONS = { plan: "Plan", preview: "Preview of the real state" } as const;
export type SectionName = keyof typeof SECTIONS;

export interface Section {
  readonly name: SectionName;
  /** The commit that it was made of. */
  readonly commit: string;
  /** Markdown, already safe: see {@link safeMarkdown}. */
  readonly body: string;
}

/** Of a comment, in characters: GitHub refuses a longer one. */
export const COMMENT_LIMIT = 65_536;
/** Of a section's text; all sections and what stands around them stay under the limit. */
export const SECTION_LIMIT = 31_000;
/** A part of more lines is folded. */
const LONGEST_OPEN_PART = 25;
/** Kept free for the pointer to what was cut, for closing a fence and a fold. */
const POINTER_LENGTH = 400;

/** Breaks up tags, comments and mentions, and looks the same. */
const ZERO_WIDTH_SPACE = "\u200b";

/** The first line of the comment of one project and stack: how it is found again. */
export function marker(project: string, stack: string): string {
  return `<!-- ${project}/${stack}: plan of this pull request -->`;
}

/** The whole comment: sections in order; what is older than `commit` says so. */
export function renderComment(
  project: string,
  stack: string,
  commit: string,
  sections: readonly Section[],
): string {
  const names = Object.keys(SECTIONS) as SectionName[];
  const ordered = names.flatMap((name) => sections.filter((section) => section.name === name));
  const texts = ordered.map((section) => {
    const age = section.commit === commit ? "" : ", an earlier commit";
    return [
      `<!-- section ${section.name} ${section.commit} -->`,
      `## ${SECTIONS[section.name]} of \`${project}/${stack}\` at ${section.commit.slice(0, 12)}${age}`,
      "",
      section.body.trim(),
      "<!-- end -->",
    ].join("\n");
  });
  return [marker(project, stack), ...texts].join("\n\n");
}

/** The sections of a comment that {@link renderComment} wrote. */
export function readSections(comment: string): Section[] {
  const pattern = /^<!-- section (\w+) ([0-9a-f]+) -->\n##[^\n]*\n\n([\s\S]*?)\n<!-- end -->$/gm;
  return [...comment.matchAll(pattern)].flatMap(([, name = "", commit = "", body = ""]) =>
    name in SECTIONS ? [{ name: name as SectionName, commit, body }] : [],
  );
}

/**
 * Folds long parts of a plan and cuts what is over the limit.
 *
 * The plan comes from a pull request's own code, so no HTML of it survives except its own folds, and
 * it mentions nobody: it can look odd, but it can neither close nor fake another section.
 *
 * @param fullText where to read what is cut: an address
 */
export function safeMarkdown(plan: string, fullText: string, limit = SECTION_LIMIT): string {
  const texts = partsOf(plan).map(({ title, lines, isFolded }) => {
    const body = closeFence(lines).join("\n").trim();
    const isLong = isFolded || (title !== undefined && lines.length > LONGEST_OPEN_PART);
    if (isLong) {
      const head = `<details><summary>${title ?? "More"} (${countOf(lines)} lines)</summary>`;
      return { head, body, tail: "\n\n</details>" };
    }
    return { head: title === undefined ? "" : `### ${title}`, body, tail: "" };
  });
  return cut(texts, fullText, limit);
}

/** What a program printed, as one folded block. */
export function safeLog(summary: string, log: string, fullText: string): string {
  const text = inert(log.trimEnd());
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const body = `${fence}\n${text}\n${fence}`;
  const head = `<details><summary>${inert(summary)}</summary>`;
  return cut([{ head, body, tail: "\n\n</details>" }], fullText, SECTION_LIMIT);
}

interface Part {
  title: string | undefined;
  isFolded: boolean;
  lines: string[];
}

/** Splits at headings and folds that stand outside of a block of code. */
function partsOf(plan: string): Part[] {
  let part: Part = { title: undefined, isFolded: false, lines: [] };
  const parts = [part];
  let fence: string | undefined;
  for (const line of plan.split(/\r?\n/)) {
    const wasInside = fence !== undefined;
    fence = fenceAfter(line, fence);
    const fold = /^<details><summary>(.*)<\/summary>$/.exec(line.trim())?.[1];
    const title = wasInside ? undefined : (fold ?? /^#{1,3} +(.+)$/.exec(line)?.[1]);
    if (title !== undefined) {
      // The plan's own title says what the section's heading says.
      const isTitle = line.startsWith("## ") && parts.length === 1;
      part = { title: isTitle ? undefined : inert(title), isFolded: fold !== undefined, lines: [] };
      parts.push(part);
    } else if (wasInside || line.trim() !== "</details>") {
      part.lines.push(inert(line));
    }
  }
  return parts.filter(({ title, lines }) => title !== undefined || countOf(lines) > 0);
}

function fenceAfter(line: string, open: string | undefined): string | undefined {
  const found = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
  const mark = found?.[1];
  if (mark === undefined) {
    return open;
  }
  if (open === undefined) {
    return mark;
  }
  const closes = mark.startsWith(open) && found?.[2]?.trim() === "";
  return closes ? undefined : open;
}

function closeFence(lines: readonly string[]): string[] {
  let open: string | undefined;
  for (const line of lines) {
    open = fenceAfter(line, open);
  }
  return open === undefined ? [...lines] : [...lines, open];
}

interface Rendered {
  readonly head: string;
  readonly body: string;
  readonly tail: string;
}

function cut(texts: readonly Rendered[], fullText: string, limit: number): string {
  const kept: string[] = [];
  let remaining = limit - POINTER_LENGTH;
  for (const [index, { head, body, tail }] of texts.entries()) {
    const text = [head, body].filter((piece) => piece !== "").join("\n\n") + tail;
    if (text.length + 2 <= remaining) {
      kept.push(text);
      remaining -= text.length + 2;
      continue;
    }
    const lines = body.split("\n");
    const fitting: string[] = [];
    let left = remaining - head.length - tail.length - POINTER_LENGTH;
    for (const line of lines) {
      left -= line.length + 1;
      if (left < 0) {
        break;
      }
      fitting.push(line);
    }
    const others = texts.slice(index + 1).flatMap((later) => later.body.split("\n"));
    const missing = lines.length - fitting.length + others.length;
    if (fitting.length > 0) {
      kept.push(`${head}\n\n${closeFence(fitting).join("\n")}${tail}`);
    }
    kept.push(`✂️ **${missing} more lines do not fit here.** All of it: ${fullText}`);
    break;
  }
  return kept.join("\n\n");
}

function countOf(lines: readonly string[]): number {
  return lines.filter((line) => line.trim() !== "").length;
}

/** Without tags, comments and mentions, in and outside of code alike. */
function inert(text: string): string {
  return text
    .replace(/<(?=[a-z/!?])/gi, `<${ZERO_WIDTH_SPACE}`)
    .replace(/(?<![\w/])@(?=[a-z\d])/gi, `@${ZERO_WIDTH_SPACE}`);
}
