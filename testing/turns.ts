/**
 * Gives the event loop a turn after each test. Tests that run commands synchronously give it none, and
 * Vitest's worker hears no answer of the main process meanwhile: after a minute of that a run whose tests
 * all pass fails with "Timeout calling onTaskUpdate".
 */
import { afterEach } from "vitest";

afterEach(() => new Promise((resolve) => setImmediate(resolve)));
