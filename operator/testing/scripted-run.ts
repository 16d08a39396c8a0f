/** Commands that only are written down, and end as a test says. */
import type { Ran, Run, RunOptions } from "../command.ts";

/** What was run: its words, and its input. */
export interface Called {
  readonly words: string;
  readonly input: string;
}

/** How a command ends: with what it prints, or otherwise; nothing where it is one that no test foresaw. */
export type Ending = (words: string, input: string) => string | Partial<Ran> | undefined;

export function scriptedRun(ending: Ending): { readonly run: Run; readonly called: Called[] } {
  const called: Called[] = [];
  const run = async (
    command: string,
    args: readonly string[],
    { input = "" }: RunOptions = {},
  ): Promise<Ran> => {
    const words = [command, ...args].join(" ");
    called.push({ words, input });
    await Promise.resolve();
    const ended = ending(words, input);
    if (ended === undefined) {
      throw new Error(`no test foresaw this command: ${words}`);
    }
    const ran = { exitCode: 0, stdout: "", why: "" };
    return typeof ended === "string" ? { ...ran, stdout: ended } : { ...ran, ...ended };
  };
  return { run, called };
}

/** Outputs of a stack of three machines, whose kubeconfig is a word that is found anywhere. */
export const OUTPUTS = {
  kubeconfig: "kubeconfig-of-the-test",
  overlay: [
    { name: "masternode", address: "10.101.0.1" },
    { name: "workernode", address: "10.101.1.1" },
    { name: "raspberrypi", address: "10.101.2.1" },
  ],
  inventory: [
    { name: "MasterNode", publicAddress: "192.0.2.17", resourceGroup: "CloudStep" },
    { name: "WorkerNode", publicAddress: "192.0.2.18", resourceGroup: "CloudStep" },
  ],
  websiteUrl: "http://192.0.2.18/",
  websiteUrls: ["http://192.0.2.18/"],
  versions: { k3s: "v1.36.3+k3s1" },
};
