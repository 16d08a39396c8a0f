/** The poll itself: its question, its answers, and what a ballot must look like. Pure. */

export const QUESTION = "What's your favourite animal?";

/** The answers in the order of the page; the key is what is sent and stored. */
export const ANSWERS = { dog: "Dog", cat: "Cat", horse: "Horse", hamster: "Hamster" } as const;

export type Answer = keyof typeof ANSWERS;

/** One vote. */
export interface Ballot {
  /** Made by the client, so that sending it again after a lost reply cannot count twice. */
  readonly id: string;
  readonly answer: Answer;
}

/** Votes by answer; every answer is there. */
export type Tally = Readonly<Record<Answer, number>>;

/** One answer's part of the whole. */
export interface Share {
  readonly answer: Answer;
  readonly label: string;
  readonly votes: number;
  /** 0 to 100, to one decimal; 0 while nobody has voted. */
  readonly percent: number;
}

/** What `GET /api/results` answers and the page draws. */
export interface Results {
  readonly question: string;
  readonly total: number;
  readonly answers: readonly Share[];
}

/** A request that the website refuses; the message is meant for the person who sent it. */
export class Refusal extends Error {
  constructor(
    /** HTTP status, 4xx. */
    readonly status: number,
    /** For programs: does not change when the message is worded anew. */
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "Refusal";
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
const FIELDS = ["ballot", "answer"];

/** Whether a text is the key of an answer. */
export function isAnswer(text: string): text is Answer {
  return Object.hasOwn(ANSWERS, text);
}

/**
 * Turns the fields of a request into a ballot.
 *
 * @throws Refusal 400 for missing, repeated or unknown fields, 422 for values that are no vote
 */
export function parseBallot(fields: readonly (readonly [string, string])[]): Ballot {
  const values = new Map<string, string>();
  for (const [name, value] of fields) {
    if (!FIELDS.includes(name)) {
      throw new Refusal(400, "unknown-field", `A vote has no field "${name.slice(0, 40)}".`);
    }
    if (values.has(name)) {
      throw new Refusal(400, "repeated-field", `The field "${name}" was sent more than once.`);
    }
    values.set(name, value);
  }
  const id = values.get("ballot") ?? "";
  const answer = values.get("answer") ?? "";
  if (answer === "") {
    throw new Refusal(400, "no-answer", "Please choose one of the animals.");
  }
  if (id === "") {
    throw new Refusal(
      400,
      "no-ballot",
      "The vote has no ballot number; please load the page anew.",
    );
  }
  if (!isAnswer(answer)) {
    const known = Object.values(ANSWERS).join(", ");
    throw new Refusal(422, "unknown-answer", `That animal is not in this poll: choose ${known}.`);
  }
  if (!UUID.test(id)) {
    throw new Refusal(422, "bad-ballot", "The ballot number is not a UUID.");
  }
  return { id: id.toLowerCase(), answer };
}

/** What the counts mean: total and shares. */
export function resultsOf(tally: Tally): Results {
  const total = Object.values(tally).reduce((sum, votes) => sum + votes, 0);
  const answers = (Object.keys(ANSWERS) as Answer[]).map((answer) => ({
    answer,
    label: ANSWERS[answer],
    votes: tally[answer],
    percent: total === 0 ? 0 : Math.round((tally[answer] * 1000) / total) / 10,
  }));
  return { question: QUESTION, total, answers };
}
