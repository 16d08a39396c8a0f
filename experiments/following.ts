/** Commands on this computer that go on until they are ended. */
import { execa } from "execa";

import type { Following } from "./site.ts";

/** Runs a command, whose lines are read as they come; how it ends is nobody's concern. */
export function following([command = "", ...args]: readonly string[]): Following {
  const running = execa(command, args, { reject: false, buffer: false });
  return {
    lines: running.iterable(),
    [Symbol.asyncDispose]: async () => {
      running.kill();
      await running;
    },
  };
}
