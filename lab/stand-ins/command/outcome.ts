/** What running a command comes to, here or on another machine. */

/** The streams that a command prints to. */
export type Stream = "stdout" | "stderr";

/** What to run. */
export interface Order {
  readonly command: string;
  readonly stdin: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** What the command printed the last time; a server that refuses to take it is no error. */
  readonly previous: Readonly<Record<string, string>>;
  /** The streams that may be shown, in the log and in errors. */
  readonly shown: readonly Stream[];
  /** Told each line of the shown streams as it is printed. */
  readonly say: (line: string) => void;
  readonly warn: (message: string) => void;
  /** Ends the command early. */
  readonly signal: AbortSignal;
}

/** What a command printed, each without the line break at its end. */
export type Outcome = Readonly<Record<Stream, string>>;

/** Lines of a failed command that its error shows, and characters of each. */
const SHOWN_LINES = 20;
const SHOWN_CHARACTERS = 300;

/** Gathers a command's output and hands it on by lines. */
export class Output {
  private readonly text = { stdout: "", stderr: "" };
  private readonly rest = { stdout: "", stderr: "" };
  private readonly last: string[] = [];

  constructor(private readonly order: Pick<Order, "say" | "shown">) {}

  add(stream: Stream, part: string): void {
    this.text[stream] += part;
    const lines = (this.rest[stream] + part).split("\n");
    this.rest[stream] = lines.pop() ?? "";
    for (const line of lines) {
      this.show(stream, line);
    }
  }

  /** The whole; one line break at the end of each stream goes, as with the official provider. */
  end(): Outcome {
    for (const stream of ["stdout", "stderr"] as const) {
      if (this.rest[stream] !== "") {
        this.show(stream, this.rest[stream]);
        this.rest[stream] = "";
      }
    }
    const { stdout, stderr } = this.text;
    return { stdout: stdout.replace(/\n$/, ""), stderr: stderr.replace(/\n$/, "") };
  }

  /** The error of a command that failed: where, why, and the last lines that may be shown. */
  failure(where: string, why: string): Error {
    this.end();
    const all = this.order.shown.length === 2;
    const printed =
      this.last.length > 0
        ? this.last.map((line) => line.slice(0, SHOWN_CHARACTERS)).join("\n")
        : all
          ? "it printed nothing"
          : "it printed nothing that its logging option lets show";
    return new Error(`${where}: the command ${why}\n${printed}`);
  }

  private show(stream: Stream, line: string): void {
    if (!this.order.shown.includes(stream)) {
      return;
    }
    const text = line.replace(/\r$/, "");
    this.last.push(text);
    if (this.last.length > SHOWN_LINES) {
      this.last.shift();
    }
    this.order.say(text);
  }
}
