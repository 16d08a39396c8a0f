/** Thrown for what the plan's caller can put right: one message that says what and how. */
export class PlanError extends Error {
  constructor(message: string, fix: string) {
    super(`${message}\n  fix: ${fix}`);
    this.name = "PlanError";
  }
}
