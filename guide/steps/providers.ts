/** Resource providers: a new subscription has none of them registered. */
import { setTimeout as pause } from "node:timers/promises";

import { Azure } from "../azure.ts";
import { failed, GuideError } from "../error.ts";
import type { Site, Step } from "../step.ts";

/** What the program makes is of these two. */
const NAMESPACES = ["Microsoft.Network", "Microsoft.Compute"];
const REGISTERED = "Registered";

export const providers: Step = {
  name: "providers",
  title: "Azure's services for networks and machines",
  check: async (site) => {
    const states = await statesOf(site);
    return states.every(({ state }) => state === REGISTERED)
      ? `${NAMESPACES.join(" and ")} are registered`
      : undefined;
  },
  action: async (site) => {
    const open = (await statesOf(site)).filter(({ state }) => state !== REGISTERED);
    const names = open.map(({ name }) => name);
    if (
      !(await site.ask.agrees(`Register ${names.join(" and ")} in the subscription (no cost)?`))
    ) {
      throw new GuideError("without them nothing can be made in Azure", {
        fixes: names.map((name) => `az provider register --namespace ${name}`),
      });
    }
    const azure = new Azure(site.run);
    for (const { name, state } of open) {
      if (state !== "Registering") {
        await register(azure, name);
      }
    }
    await untilRegistered(site, names);
    return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} registered now`;
  },
};

async function statesOf(
  { run }: Site,
  names: readonly string[] = NAMESPACES,
): Promise<{ name: string; state: string }[]> {
  const azure = new Azure(run);
  return Promise.all(
    names.map(async (name) => ({ name, state: await azure.registrationOf(name) })),
  );
}

async function register(azure: Azure, name: string): Promise<void> {
  try {
    await azure.register(name);
  } catch (error) {
    throw failed(
      `${name} cannot be registered`,
      error,
      `have an owner of the subscription run: az provider register --namespace ${name}`,
      "or have them give you the role Contributor",
    );
  }
}

/** Azure says only when asked. */
async function untilRegistered(site: Site, names: readonly string[]): Promise<void> {
  const { looks, interval } = site.patience;
  for (let look = 1; ; look++) {
    const open = (await statesOf(site, names)).filter(({ state }) => state !== REGISTERED);
    if (open.length === 0) {
      return;
    }
    if (look >= looks) {
      const minutes = Math.round((looks * interval) / 60_000);
      throw new GuideError(
        `Azure did not finish within ${minutes} min: ${open.map(({ name, state }) => `${name} is ${state}`).join(", ")}`,
        {
          command: `az provider show --namespace ${open[0]?.name ?? ""}`,
          fixes: ["wait, and run the guide again: it goes on waiting"],
        },
      );
    }
    site.say(`    waiting for ${open.map(({ name }) => name).join(" and ")}, some minutes`);
    await pause(interval);
  }
}
