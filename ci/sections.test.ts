import { expect, it } from "vitest";

import {
  COMMENT_LIMIT,
  marker,
  readSections,
  renderComment,
  safeLog,
  safeMarkdown,
  SECTION_LIMIT,
} from "./sections.ts";

const URL = "https://github.example/run";
const long = Array.from({ length: 60 }, (_, index) => `- resource ${index}`).join("\n");

it("leaves what is short open and folds what is long", () => {
  const text = safeMarkdown(
    `## Plan\n\n2 changed\n\n### Firewall\n\n- 22\n\n### All\n\n${long}`,
    URL,
  );
  expect(text).toMatch(/^2 changed\n\n### Firewall\n\n- 22\n\n<details><summary>All \(60 lines\)/);
  expect(text.match(/<details>/g)).toHaveLength(1);
  expect(text.match(/<\/details>/g)).toHaveLength(1);
});

it("keeps the plan's own folds", () => {
  const fold = "### Tree\n\n<details><summary>54 resources</summary>\n\n- one\n\n</details>";
  expect(safeMarkdown(fold, URL)).toContain(
    "<details><summary>54 resources (1 lines)</summary>\n\n- one\n\n</details>",
  );
});

it("stays under the limit with two full sections, every fold and fence closed", () => {
  const plan = `### Difference\n\n\`\`\`\n${"some words in a block of code\n".repeat(9000)}\`\`\``;
  const bodies = [safeMarkdown(plan, URL), safeLog("Log", "line of a log\n".repeat(9000), URL)];
  for (const body of bodies) {
    expect(body.length).toBeLessThanOrEqual(SECTION_LIMIT);
    expect(body.match(/^```/gm)).toHaveLength(2);
    expect(body.split("<details>")).toHaveLength(body.split("</details>").length);
    expect(body).toContain(`All of it: ${URL}`);
  }
  const [plan1 = "", log = ""] = bodies;
  const comment = renderComment("fogline", "s".repeat(100), "a".repeat(40), [
    { name: "plan", commit: "a".repeat(40), body: plan1 },
    { name: "preview", commit: "b".repeat(40), body: log },
  ]);
  expect(comment.length).toBeLessThanOrEqual(COMMENT_LIMIT);
  expect(comment).toContain("at bbbbbbbbbbbb, an earlier commit");
});

it("reads back what it wrote", () => {
  const sections = [
    { name: "plan", commit: "aa", body: "a plan\n\n- x" },
    { name: "preview", commit: "bb", body: "a preview" },
  ] as const;
  expect(readSections(renderComment("fogline", "dev", "aa", sections))).toEqual(sections);
});

it("lets no text close or fake a section, hide the rest or call people", () => {
  const evil = [
    "<!-- end -->",
    marker("fogline", "prod"),
    "<!-- section preview abc -->",
    "</details><details>",
    "```",
    "@everyone and <img src=x>",
  ].join("\n");
  const body = safeMarkdown(evil, URL);
  expect(body).not.toMatch(/<[!/a-z]|@everyone/i);
  expect(body.match(/^```/gm)).toHaveLength(2);
  const sections = [{ name: "plan", commit: "aa", body }] as const;
  expect(readSections(renderComment("fogline", "dev", "aa", sections))).toEqual(sections);
});

it("fences a log with more backticks than it has", () => {
  expect(safeLog("Log", "````\ninner\n````", URL)).toMatch(/\n`{5}\n````\ninner\n````\n`{5}\n/);
});
