/** The website as somebody at this computer sees it: a browser, through the forwarder. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { forwarderUrl } from "../../forwarder.ts";
import { RUN } from "../../layout.ts";
import { ask, lab, until } from "../../testing/lab.ts";

const site = forwarderUrl() ?? "";
let browser: Browser;

beforeAll(async () => {
  expect(site, "the forwarder's URL").toMatch(/^http:\/\/127\.0\.0\.1[:/]/);
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
});

afterAll(() => browser.close());

/** Votes that the poll has counted for an answer. */
async function votesFor(wanted: string): Promise<number> {
  const { body } = await ask(new URL("/api/results", site).href);
  const { answers } = JSON.parse(body) as { answers: { answer: string; votes: number }[] };
  return answers.find(({ answer }) => answer === wanted)?.votes ?? 0;
}

describe("the page", () => {
  it("shows the poll, who served it, and a vote raises its bar", async () => {
    const page = await browser.newPage({ viewport: { width: 900, height: 1040 } });
    await page.goto(site);
    expect(await page.textContent("body")).toContain("favourite animal");
    expect(await page.textContent("footer")).toMatch(
      /website-dep-\S+[\s\S]*(workernode|raspberrypi)/,
    );
    const before = await votesFor("horse");
    await page.getByLabel("Horse").check();
    await page.getByRole("button", { name: /vote/i }).click();
    const bar = page.locator("[data-answer=horse]");
    await until("the vote to be counted and its bar to show it", async () => {
      const shown = Number(/(\d+) votes?/.exec((await bar.textContent()) ?? "")?.[1]);
      return (await votesFor("horse")) === before + 1 && shown === before + 1 ? true : undefined;
    });
    // The bars slide to their new length.
    await page.waitForFunction(() => document.getAnimations().length === 0);
    mkdirSync(join(RUN, "report"), { recursive: true });
    await page.screenshot({ path: join(RUN, "report", "poll.png"), fullPage: true });
  });
});

describe("make status", () => {
  it("names every node, the website's address and who served what share", async () => {
    // The autoscaler may have brought the last pods a moment ago.
    const said = await until("both tiers to have their share of requests", async () => {
      const text = await lab("status");
      return /% {2}raspberrypi \/ /.test(text) && /% {2}workernode \/ /.test(text)
        ? text
        : undefined;
    });
    for (const node of ["masternode", "workernode", "raspberrypi"]) {
      expect(said).toMatch(new RegExp(`^${node} +Ready`, "m"));
    }
    expect(said).toContain(site);
    expect(said).toMatch(/\d+ % {2}raspberrypi \/ website-dep-/);
    expect(said).toMatch(/\d+ % {2}workernode \/ website-dep-/);
    expect(said).not.toContain("failed");
  });
});
