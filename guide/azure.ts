/**
 * What the guide asks of Azure, by the official CLI. Answers are those of Azure Resource Manager; their
 * shapes follow "Azure REST API reference": Subscriptions - List, Providers - Get, Resource Skus - List,
 * Usage - List and Virtual Machines - List All, as `az --output json` prints them.
 */
import { z } from "zod";

import type { Run } from "./command.ts";
import { CommandError, failed, GuideError } from "./error.ts";

/** An account as `az account list` shows it. */
const account = z.object({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  tenantId: z.string(),
  isDefault: z.boolean().default(false),
  user: z.object({ name: z.string() }),
});
export type Account = z.output<typeof account>;

/** Whole numbers come as text from releases before 2.60. */
const amount = z.coerce.number();

const usage = z.object({
  name: z.object({ value: z.string(), localizedValue: z.string().optional() }),
  currentValue: amount,
  limit: amount,
});
/** Cores of a family of sizes, or of all, that are used and may be used in a region. */
export type Usage = z.output<typeof usage>;

const restriction = z.object({
  /** `Location`: nowhere in the region; `Zone`: not in some of its zones. */
  type: z.string(),
  reasonCode: z.string().nullish(),
  restrictionInfo: z.object({ zones: z.array(z.string()).nullish() }).nullish(),
});
const sku = z.object({
  name: z.string(),
  resourceType: z.string(),
  family: z.string().nullish(),
  capabilities: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  locationInfo: z.array(z.object({ zones: z.array(z.string()).nullish() })).nullish(),
  restrictions: z.array(restriction).nullish(),
});
export type Sku = z.output<typeof sku>;

const machine = z.object({
  name: z.string(),
  resourceGroup: z.string(),
  hardwareProfile: z.object({ vmSize: z.string() }),
});
export type ExistingMachine = z.output<typeof machine>;

const image = z.object({ version: z.string() });

/** Whether the CLI says that nobody is logged in, or that the login is no longer good. */
const LOGGED_OUT = /az login|AADSTS\d+|No subscription found/i;

export class Azure {
  constructor(private readonly run: Run) {}

  /** Subscriptions that may be used; none when nobody is logged in. */
  async accounts(): Promise<readonly Account[]> {
    const known = await this.ask(z.array(account), "account", "list");
    return known.filter(({ state }) => state === "Enabled");
  }

  /** Chooses the subscription that `az` and Pulumi work in. */
  async choose(id: string): Promise<void> {
    await this.run("az", ["account", "set", "--subscription", id, "--only-show-errors"]);
  }

  /** Logs in; the CLI itself talks to the person. */
  async logIn(): Promise<void> {
    await this.run("az", ["login", "--output", "none"], { isInteractive: true });
  }

  /** E.g. `Registered`, `Registering` or `NotRegistered`. */
  async registrationOf(namespace: string): Promise<string> {
    const state = z.object({ registrationState: z.string() });
    return (await this.ask(state, "provider", "show", "--namespace", namespace)).registrationState;
  }

  /** Asks for a resource provider; Azure takes some minutes for it. */
  async register(namespace: string): Promise<void> {
    await this.run("az", ["provider", "register", "--namespace", namespace, "--only-show-errors"]);
  }

  /** Whether the region has an image, `publisher:offer:sku:version`. */
  async hasImage(urn: string, location: string): Promise<boolean> {
    try {
      await this.ask(z.object({}), "vm", "image", "show", "--urn", urn, "--location", location);
      return true;
    } catch (error) {
      if (error instanceof CommandError && /NotFound|was not found/i.test(error.text)) {
        return false;
      }
      throw error;
    }
  }

  /** Versions of an image in a region, the newest last. */
  async versionsOf(urn: string, location: string): Promise<readonly string[]> {
    const [publisher = "", offer = "", name = ""] = urn.split(":");
    const which = ["--publisher", publisher, "--offer", offer, "--sku", name];
    const where = ["--location", location, "--all"];
    const found = await this.ask(z.array(image), "vm", "image", "list", ...which, ...where);
    return found
      .map(({ version }) => version)
      .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  }

  /** Sizes in a region. Without `--all` the CLI leaves out what the subscription may not have. */
  async sizes(location: string): Promise<readonly Sku[]> {
    const which = ["--location", location, "--resource-type", "virtualMachines", "--all"];
    return this.ask(z.array(sku), "vm", "list-skus", ...which);
  }

  async usage(location: string): Promise<readonly Usage[]> {
    return this.ask(z.array(usage), "vm", "list-usage", "--location", location);
  }

  /** Machines that the subscription has. */
  async machines(): Promise<readonly ExistingMachine[]> {
    return this.ask(z.array(machine), "vm", "list");
  }

  /**
   * Asks `az` and reads its JSON.
   *
   * @throws GuideError when the login is no longer good or the answer is none
   */
  private async ask<T>(schema: z.ZodType<T>, ...args: readonly string[]): Promise<T> {
    const all = [...args, "--output", "json", "--only-show-errors"];
    const command = ["az", ...all].join(" ");
    let text: string;
    try {
      text = await this.run("az", all);
    } catch (error) {
      if (error instanceof CommandError && LOGGED_OUT.test(error.text)) {
        throw failed("Azure asks for a new login", error, "az login");
      }
      if (error instanceof CommandError && error.text.includes("AuthorizationFailed")) {
        throw failed(
          "the account may not read this in the subscription",
          error,
          "have an owner of the subscription give you the role Contributor",
        );
      }
      throw error;
    }
    const parsed = schema.safeParse(jsonOf(text));
    if (!parsed.success) {
      throw new GuideError("az answered otherwise than its documentation says", {
        command,
        lines: parsed.error.issues
          .slice(0, 3)
          .map(({ path, message }) => `${path.join(".")}: ${message}`),
        fixes: ["update azure-cli, and run the guide again"],
      });
    }
    return parsed.data;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // What is no JSON is told by the schema, which takes no text.
    return text;
  }
}
