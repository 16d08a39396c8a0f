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
  /** The streams that may be shown in the log. */
  readonly shown: readonly Stream[];
  /** Told each line of the shown streams as it is printed. */
  readonly say: (line: string) => void;
  readonly warn: (message: string) => void;
  /** Ends the command early. */
  readonly signal: AbortSignal;
}

/** What a command printed, each without the line break at its end. */
export type Outcome = Readonly<Record<Stream, string>>;

/** Characters of what a failed command printed, counted from the end; an error travels in a header. */
const SHOWN = 6000;

/** Gathers a command's output and hands it on by lines. */
export class Output {
  private readonly text = { stdout: "", stderr: "" };
  private readonly rest = { stdout: "", stderr: "" };
  private both = "";

  constructor(private readonly order: Pick<Order, "say" | "shown">) {}

  add(stream: Stream, part: string): void {
    this.text[stream] += part;
    this.both += part;
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

  /**
   * The error of a command that failed: how, which, and everything that it printed. As with the
   * official provider that is both streams, whatever `logging` lets show and whatever is secret.
   */
  failure(why: string, command: string): Error {
    this.end();
    return new Error(`${why}: running ${JSON.stringify(command)}:\n${this.both.slice(-SHOWN)}`);
  }

  private show(stream: Stream, line: string): void {
    if (this.order.shown.includes(stream)) {
      this.order.say(line.replace(/\r$/, ""));
    }
  }
}
