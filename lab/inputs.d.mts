/** Where the bundle of the lab's command line lies, below the checkout. */
export const COMMAND_LINE: string;

/** Path, time of its last change in milliseconds, size in bytes. */
export type Input = [string, number, number];

export function inputsOf(paths: readonly string[]): Input[];
export function isCurrent(record: string, project: string): boolean;
