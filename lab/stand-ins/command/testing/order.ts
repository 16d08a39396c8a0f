/** Orders as the provider gives them. */
import type { Order } from "../outcome.ts";

/** A command alone, without input or environment; what it prints and warns of is dropped by default. */
export function orderOf(command: string, more: Partial<Order> = {}): Order {
  return {
    command,
    stdin: undefined,
    environment: {},
    previous: {},
    shown: ["stdout", "stderr"],
    say: () => undefined,
    warn: () => undefined,
    signal: new AbortController().signal,
    ...more,
  };
}
