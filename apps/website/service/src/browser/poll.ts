/**
 * What a browser adds to the page: votes without a reload, sent again until they are counted, and
 * counts that follow the poll.
 */
import type { Results } from "../poll.ts";

/** How often a visible page asks for the counts, milliseconds. */
const REFRESH_MS = 4000;
/** First and longest pause before a vote is sent again, milliseconds. */
const PAUSE_MS = { first: 500, longest: 8000 } as const;

const form = find("#vote", HTMLFormElement);
const button = find("#vote button", HTMLButtonElement);
const ballot = find("#vote input[name=ballot]", HTMLInputElement);
const status = find("#status", HTMLElement);
/** What the page was sent with when the database was away; gone with the first counts. */
const notice = status.hasAttribute("data-trouble") ? status.textContent : undefined;

function find<E extends Element>(selector: string, kind: new () => E): E {
  const element = document.querySelector(selector);
  if (!(element instanceof kind)) {
    throw new Error(`the page has no ${selector}`);
  }
  return element;
}

function say(text: string, trouble = false): void {
  status.textContent = text;
  status.toggleAttribute("data-trouble", trouble);
}

/** A version 4 UUID; `crypto.randomUUID` exists only on pages that came over HTTPS. */
function newBallot(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function votes(count: number): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? "vote" : "votes"}`;
}

function show(results: Results, pod: string | null): void {
  for (const share of results.answers) {
    const row = find(`[data-answer="${share.answer}"]`, HTMLElement);
    const set = (part: string, text: string): void => {
      const element = row.querySelector(part);
      if (element !== null && element.textContent !== text) {
        element.textContent = text;
      }
    };
    set(
      "[data-percent]",
      `${share.percent.toLocaleString("en-GB", { minimumFractionDigits: 1 })}%`,
    );
    set("[data-votes]", votes(share.votes));
    row.querySelector("rect")?.setAttribute("width", String(share.percent));
  }
  find("#total", HTMLElement).textContent = votes(results.total);
  if (pod !== null) {
    const refreshed = find("#refreshed", HTMLElement);
    refreshed.hidden = false;
    find("#refreshed dd", HTMLElement).textContent = pod;
  }
}

async function refresh(): Promise<void> {
  try {
    const response = await fetch("/api/results", { signal: AbortSignal.timeout(REFRESH_MS) });
    if (response.ok) {
      show((await response.json()) as Results, response.headers.get("X-Served-By"));
      if (status.textContent === notice) {
        say("");
      }
    }
  } catch {
    // The counts on the page stay as they are; the next round asks again.
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Sends a vote until it is counted or refused for good; resolves to what to tell the voter. */
async function send(body: string, label: string): Promise<{ text: string; counted: boolean }> {
  for (let wait: number = PAUSE_MS.first; ; wait = Math.min(wait * 2, PAUSE_MS.longest)) {
    try {
      const response = await fetch("/api/votes", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body,
        signal: AbortSignal.timeout(10_000),
      });
      if (response.ok) {
        return { text: `Thank you: your vote for ${label} is counted.`, counted: true };
      }
      if (response.status < 500) {
        const { error } = (await response.json()) as { error: { message: string } };
        return { text: error.message, counted: false };
      }
    } catch {
      // A lost reply: the ballot's number makes it safe to send it again.
    }
    say(`Your vote for ${label} is not counted yet; still trying…`, true);
    await pause(wait * (0.75 + Math.random() / 2));
  }
}

async function vote(): Promise<void> {
  const chosen = form.querySelector<HTMLInputElement>("input[name=answer]:checked");
  if (chosen === null) {
    return;
  }
  const label = chosen.labels?.[0]?.querySelector(".name")?.textContent ?? chosen.value;
  button.disabled = true;
  const body = JSON.stringify({ ballot: ballot.value, answer: chosen.value });
  const { text, counted } = await send(body, label);
  say(text, !counted);
  ballot.value = newBallot();
  button.disabled = false;
  if (counted) {
    chosen.checked = false;
  }
  await refresh();
}

async function follow(): Promise<never> {
  for (;;) {
    // Uneven, so that pages opened together do not ask together.
    await pause(REFRESH_MS * (0.75 + Math.random() / 2));
    if (document.visibilityState === "visible") {
      await refresh();
    }
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void vote();
});
void follow();
