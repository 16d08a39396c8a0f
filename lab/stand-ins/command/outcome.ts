/** What running a command comes to, here or on another machine. */

/** What to run. */
export interface Order {
  readonly command: string;
  readonly stdin: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Told each line as it is printed. */
  readonly onLine: (stream: "stdout" | "stderr", line: string) => void;
  /** Ends the command early. */
  readonly signal: AbortSignal;
}

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
}

/** Lines of a failed command that its error shows. */
const SHOWN = 20;

/** Gathers a command's output and hands it on by lines. */
export class Output {
  private readonly text = { stdout: "", stderr: "" };
  private readonly rest = { stdout: "", stderr: "" };

  constructor(private readonly onLine: Order["onLine"]) {}

  add(stream: "stdout" | "stderr", part: string): void {
    this.text[stream] += part;
    const lines = (this.rest[stream] + part).split("\n");
    this.rest[stream] = lines.pop() ?? "";
    for (const line of lines) {
      this.onLine(stream, line);
    }
  }

  /** The whole, without the line breaks at the end, as the official provider gives it. */
  end(): Outcome {
    for (const stream of ["stdout", "stderr"] as const) {
      if (this.rest[stream] !== "") {
        this.onLine(stream, this.rest[stream]);
      }
    }
    return { stdout: trim(this.text.stdout), stderr: trim(this.text.stderr) };
  }
}

/** The error of a command that failed; shows what it printed last, never its input. */
export function failure(where: string, why: string, { stdout, stderr }: Outcome): Error {
  const printed = (stderr === "" ? stdout : stderr).split("\n").slice(-SHOWN).join("\n");
  return new Error(`${where}: the command ${why}\n${printed}`.trim());
}

function trim(text: string): string {
  return text.replace(/[\r\n]+$/, "");
}
