/** The page as HTML: complete without scripts, which only spare it a reload. */
import { animalSymbols } from "./animals.ts";
import type { Assets } from "./assets.ts";
import { ANSWERS, QUESTION, resultsOf, type Answer, type Ballot, type Results } from "./poll.ts";

/** What one rendering of the page shows. */
export interface PageContent {
  /** Undefined before this process has ever seen counts. */
  readonly results: Results | undefined;
  /** False when the counts may be behind, as the database did not answer. */
  readonly current: boolean;
  /** The answer that a vote was just counted for. */
  readonly thanksFor: Answer | undefined;
  /** The id that a vote from this page will carry. */
  readonly ballot: string;
  readonly pod: string;
  readonly node: string;
  readonly requestId: string;
  readonly assets: Assets;
}

/** What a page of refusal or failure shows. */
export interface ProblemContent {
  readonly status: number;
  readonly message: string;
  readonly assets: Assets;
  /** The vote to offer for sending again, under its own number. */
  readonly again?: Ballot;
}

const WHOLE = new Intl.NumberFormat("en-GB");
const TENTHS = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1 });
const NOTHING = resultsOf({ dog: 0, cat: 0, horse: 0, hamster: 0 });

/** Text made safe for HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** The website's page. */
export function renderPage(content: PageContent): string {
  const { results, current, assets } = content;
  const pod = escapeHtml(content.pod);
  const node = escapeHtml(content.node);
  const main = `${animalSymbols()}
<main>
<section id="poll" class="card" aria-labelledby="question">
<form method="post" action="/votes" id="vote">
<input type="hidden" name="ballot" value="${escapeHtml(content.ballot)}">
<fieldset>
<legend><h1 id="question">${escapeHtml(QUESTION)}</h1></legend>
<ul class="answers">${(results ?? NOTHING).answers.map((share) => answerRow(share, results !== undefined)).join("")}</ul>
</fieldset>
<div class="actions">
<button type="submit">Vote</button>
<p class="total"><span id="total">${results === undefined ? "Counts follow" : votes(results.total)}</span></p>
</div>
<p id="status" class="status" role="status"${current ? "" : ' data-trouble=""'}>${statusText(content)}</p>
</form>
</section>
<section id="about" class="prose">
<h2>About</h2>
<p>Every vote is counted once, kept in a database, and shown here as it comes in. There are no
accounts: whoever opens this page may vote.</p>
<p>The page is served by several pods of one Kubernetes cluster, some on machines in the cloud and
some on small computers at the edge. Reload it, and another one may answer.</p>
</section>
<section id="contact" class="prose">
<h2>Contact</h2>
<p>Whoever gave you this address runs the cluster. Tell them the request number below: it is in the
log of the very pod that answered you.</p>
</section>
</main>
<footer>
<dl>
<div><dt>Pod</dt><dd>${pod}</dd></div>
<div><dt>Node</dt><dd>${node}</dd></div>
<div><dt>Request</dt><dd>${escapeHtml(content.requestId)}</dd></div>
<div id="refreshed" hidden><dt>Counts refreshed by</dt><dd></dd></div>
</dl>
</footer>`;
  return shell(
    QUESTION,
    assets,
    main,
    `<script type="module" src="${assets.script.href}"></script>`,
  );
}

/** A page for a request that was refused or failed. */
export function renderProblem({ status, message, assets, again }: ProblemContent): string {
  const retry =
    again === undefined
      ? `<p><a class="button" href="/">Back to the poll</a></p>`
      : `<form method="post" action="/votes">
<input type="hidden" name="ballot" value="${escapeHtml(again.id)}">
<input type="hidden" name="answer" value="${again.answer}">
<p>Sending it again cannot count it twice.</p>
<div class="actions"><button type="submit">Send my vote for ${ANSWERS[again.answer]} again</button>
<a href="/">Back to the poll</a></div>
</form>`;
  const main = `<main>
<section class="card problem">
<p class="code">${status}</p>
<h1>${escapeHtml(message)}</h1>
${retry}
</section>
</main>`;
  return shell(`${status}`, assets, main, "");
}

function answerRow(share: Results["answers"][number], known: boolean): string {
  const { answer, label } = share;
  return `
<li data-answer="${answer}">
<input type="radio" name="answer" id="answer-${answer}" value="${answer}" required>
<label for="answer-${answer}">
<svg class="animal" aria-hidden="true"><use href="#animal-${answer}"/></svg>
<span class="name">${label}</span>
<span class="numbers"><strong data-percent>${known ? percent(share.percent) : "–"}</strong>
<span data-votes>${known ? votes(share.votes) : ""}</span></span>
<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">\
<rect width="${share.percent}" height="1"/></svg>
</label>
</li>`;
}

function statusText({ current, results, thanksFor }: PageContent): string {
  const thanks =
    thanksFor === undefined ? "" : `Thank you: your vote for ${ANSWERS[thanksFor]} is counted. `;
  if (current) {
    return thanks;
  }
  const counts =
    results === undefined ? "Counts follow once it does." : "The counts may be behind.";
  return `${thanks}The poll's database does not answer right now. ${counts}`;
}

/** Counts as the page writes them; the script in the browser writes them the same way. */
function votes(count: number): string {
  return `${WHOLE.format(count)} ${count === 1 ? "vote" : "votes"}`;
}

function percent(value: number): string {
  return `${TENTHS.format(value)}%`;
}

function shell(title: string, assets: Assets, main: string, end: string): string {
  return `<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · Fogline</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assets.style.href}">
</head>
<body>
<header>
<a class="brand" href="/">Fogline <span>poll</span></a>
<nav aria-label="Sections"><a href="/#poll">Home</a><a href="/#about">About</a><a href="/#contact">Contact</a></nav>
</header>
${main}
${end}
</body>
</html>
`;
}
