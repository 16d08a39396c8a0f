/** What a process reads. */
import type { Writable } from "node:stream";

/**
 * Lets a process end, or close its input, before it has read all of it: the write that is left over fails
 * with EPIPE, and without a listener that ends whoever writes. Whether the process did its work is said by
 * how it ends.
 *
 * @param fail gets every other error; default it is thrown, as without a listener
 */
export function mayStayUnread(input: Writable, fail: (error: Error) => void = raise): void {
  input.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") {
      fail(error);
    }
  });
}

function raise(error: Error): never {
  throw error;
}
