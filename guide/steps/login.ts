/** Who is logged in to Azure, and which subscription pays. */
import { Azure, type Account } from "../azure.ts";
import { failed, GuideError } from "../error.ts";
import { keepEnvironment, readEnvironment } from "../files.ts";
import type { Site, Step } from "../step.ts";

/** The variable that the Azure provider of Pulumi reads. */
const SUBSCRIPTION = "ARM_SUBSCRIPTION_ID";

export const login: Step = {
  name: "login",
  title: "Login and subscription",
  check: async (site) => {
    const accounts = await new Azure(site.run).accounts();
    const kept = readEnvironment(site.files.environment)[SUBSCRIPTION];
    const chosen = accounts.find(({ isDefault }) => isDefault);
    const wanted = site.ask.given("subscription");
    const isKept = chosen !== undefined && chosen.id === kept;
    return isKept && (wanted === undefined || isMeant(chosen, wanted)) ? says(chosen) : undefined;
  },
  action: async (site) => {
    const azure = new Azure(site.run);
    const accounts = await loggedIn(azure, site);
    const account = await choose(accounts, site);
    await azure.choose(account.id);
    const { environment } = site.files;
    keepEnvironment(environment, site.file.stack, { [SUBSCRIPTION]: account.id });
    return says(account);
  },
};

function says({ user, name, id }: Account): string {
  return `${user.name}, subscription ${name} (${id})`;
}

function isMeant({ id, name }: Account, wanted: string): boolean {
  return [id, name].some((each) => each.toLowerCase() === wanted.toLowerCase());
}

async function loggedIn(azure: Azure, site: Site): Promise<readonly Account[]> {
  const before = await azure.accounts();
  if (before.length > 0) {
    return before;
  }
  if (!site.ask.isTerminal) {
    throw new GuideError("nobody is logged in to Azure", {
      command: "az account list",
      fixes: ["az login, or az login --service-principal, and run the guide again"],
    });
  }
  site.say("    Nobody is logged in to Azure: az login opens a browser, or shows a code to type.");
  try {
    await azure.logIn();
  } catch (error) {
    throw failed("the login failed", error, "az login --use-device-code, and run the guide again");
  }
  const after = await azure.accounts();
  if (after.length === 0) {
    throw new GuideError("the account has no subscription that may be used", {
      command: "az account list",
      fixes: [
        "make one: https://azure.microsoft.com/free",
        "or log in to the tenant that has it: az login --tenant TENANT",
      ],
    });
  }
  return after;
}

async function choose(accounts: readonly Account[], { ask }: Site): Promise<Account> {
  const wanted = ask.given("subscription");
  const lines = accounts.map(({ name, id }) => `${name} (${id})`);
  if (wanted !== undefined) {
    const meant = accounts.filter((account) => isMeant(account, wanted));
    if (meant.length !== 1 || meant[0] === undefined) {
      throw new GuideError(
        `--subscription=${wanted} is ${meant.length === 0 ? "none" : "the name of several"} of the account's`,
        { lines, fixes: ["give one of these ids"] },
      );
    }
    return meant[0];
  }
  const [only] = accounts;
  const n = accounts.length === 1 ? 0 : await ask.choose("subscription", "Which one pays?", lines);
  const account = accounts[n] ?? only;
  if (account === undefined) {
    throw new GuideError("the account has no subscription", { fixes: ["az login"] });
  }
  return account;
}
