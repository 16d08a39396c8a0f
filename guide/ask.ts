/** What the guide asks the person: at the terminal, or answered by options beforehand. */
import { createInterface } from "node:readline/promises";

import { GuideError } from "./error.ts";

/** Options that answer questions. */
export const ANSWERS = {
  yes: { type: "boolean", meaning: "agree to what the guide changes; nothing of it is billed" },
  subscription: { type: "string", meaning: "id or name of the subscription" },
  address: { type: "string", meaning: "this computer's public address; several with commas" },
  "address-from": { type: "string", meaning: "URL of a service that answers with the address" },
  device: { type: "string", meaning: "user@host[:port] of the device, or none" },
  fingerprint: { type: "string", meaning: "SHA256:… of the device's host key, read on the device" },
  backend: { type: "string", meaning: "where Pulumi keeps the state (PULUMI_BACKEND_URL)" },
} as const;

export type AnswerName = keyof typeof ANSWERS;
type TextName = Exclude<AnswerName, "yes">;
export type Answers = { readonly [Name in TextName]?: string | undefined } & {
  readonly yes?: boolean | undefined;
};

export interface Ask {
  /** An option's value, where it was given. */
  given(name: TextName): string | undefined;
  /** Whether a person can be asked. */
  readonly isTerminal: boolean;
  /**
   * Asks for a line.
   *
   * @param name option that answers it without a terminal
   * @param preset what an empty answer means; default: it is asked again
   * @throws GuideError without a terminal and without the option
   */
  text(name: TextName, question: string, preset?: string): Promise<string>;
  /** Asks for one of some choices, by number; the option holds the choice itself. */
  choose(name: TextName, question: string, choices: readonly string[]): Promise<number>;
  /** Asks whether to go on; `--yes` agrees. */
  agrees(question: string): Promise<boolean>;
}

/** Asks for one line; replaced in tests. */
export type ReadLine = (prompt: string) => Promise<string>;

/** @param readLine asks the person; undefined where nobody is there */
export function asking(answers: Answers, readLine: ReadLine | undefined): Ask {
  const read = (name: AnswerName, question: string, prompt: string): Promise<string> => {
    if (readLine === undefined) {
      const value = name === "yes" ? "" : "=…";
      throw new GuideError(`nobody is at the terminal to answer: ${question}`, {
        fixes: [`run make azure at a terminal, or answer with ARGS=--${name}${value}`],
      });
    }
    return readLine(prompt);
  };
  return {
    isTerminal: readLine !== undefined,
    given: (name) => (answers[name] === "" ? undefined : answers[name]),
    text: async (name, question, preset) => {
      const given = answers[name];
      if (given !== undefined && given !== "") {
        return given;
      }
      for (;;) {
        const hint = preset === undefined ? "" : ` [${preset}]`;
        const answer = (await read(name, question, `${question}${hint}: `)).trim();
        if (answer !== "" || preset !== undefined) {
          return answer === "" ? (preset ?? "") : answer;
        }
      }
    },
    choose: async (name, question, choices) => {
      const list = choices.map((choice, n) => `  ${n + 1}) ${choice}`).join("\n");
      for (;;) {
        const answer = await read(name, question, `${question}\n${list}\nnumber: `);
        const number = Number(answer.trim());
        if (Number.isInteger(number) && number >= 1 && number <= choices.length) {
          return number - 1;
        }
      }
    },
    agrees: async (question) => {
      if (answers.yes === true) {
        return true;
      }
      const answer = await read("yes", question, `${question} [y/N]: `);
      return /^y(es)?$/i.test(answer.trim());
    },
  };
}

/** Reads lines from the terminal; Ctrl-C ends the question and the guide. */
export function terminal(interrupt: AbortController): ReadLine {
  return async (prompt) => {
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    // The interface takes Ctrl-C for itself while it reads.
    lines.on("SIGINT", () => {
      interrupt.abort();
    });
    // The input's end answers nothing.
    lines.on("close", () => {
      ended.abort();
    });
    const ended = new AbortController();
    try {
      return await lines.question(prompt, {
        signal: AbortSignal.any([interrupt.signal, ended.signal]),
      });
    } catch (error) {
      interrupt.signal.throwIfAborted();
      if (ended.signal.aborted) {
        throw new GuideError("the input ended before the question was answered", {
          fixes: ["run the guide at a terminal, or give the answers as options"],
        });
      }
      throw error;
    } finally {
      lines.close();
    }
  };
}
