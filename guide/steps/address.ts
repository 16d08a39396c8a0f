/**
 * This computer's address as the internet sees it, which alone may reach SSH of the machines. Azure
 * Resource Manager does not tell a caller's address, and no third party is asked by itself: the person
 * says it, or names a service that does.
 */
import ipaddr from "ipaddr.js";

import { parseCidr } from "@fogline/azure-checks/cidr";

import { isDocumentation } from "../../config/special-ranges.ts";
import { failed, GuideError } from "../error.ts";
import type { Site, Step } from "../step.ts";

const SETTING = "fogline:cloud.sshFrom";

export const address: Step = {
  name: "address",
  title: "Who may reach SSH of the machines",
  check: (site) => {
    const { known, placeholders } = site.file.read();
    const { sshFrom = [] } = known.cloud;
    const isOpen =
      sshFrom.length === 0 || placeholders.some(({ path }) => path.startsWith(SETTING));
    const asksAnew = (["address", "address-from"] as const).some(
      (name) => site.ask.given(name) !== undefined,
    );
    return Promise.resolve(
      isOpen || asksAnew
        ? undefined
        : `${sshFrom.join(", ")}; after a change of this computer's address: ARGS=--address=…`,
    );
  },
  action: async (site) => {
    const answer = await answerOf(site);
    const ranges = answer
      .split(",")
      .map((each) => each.trim())
      .filter((each) => each !== "");
    const wrong = ranges.flatMap((each) => problemOf(each) ?? []);
    if (wrong.length > 0 || ranges.length === 0) {
      throw new GuideError(wrong.length === 0 ? "no address was given" : wrong.join("\n"), {
        fixes: ["give the public IPv4 address of this computer, like 198.41.0.4"],
      });
    }
    const sshFrom = ranges.map((each) => (each.includes("/") ? each : `${each}/32`));
    site.file.write([{ section: "cloud", path: ["sshFrom"], value: sshFrom }]);
    return `${sshFrom.join(", ")}, written to cloud.sshFrom`;
  },
};

async function answerOf(site: Site): Promise<string> {
  const service = site.ask.given("address-from");
  if (service === undefined || site.ask.given("address") !== undefined) {
    site.say(
      "    Your router shows it as its internet or WAN address. A service that you trust can be asked\n" +
        "    instead: ARGS=--address-from=https://…",
    );
    return site.ask.text("address", "This computer's public IPv4 address");
  }
  if (!/^https:\/\//.test(service)) {
    throw new GuideError(`--address-from=${service} is no https URL`, {
      fixes: ["name a service with https://, or give --address=…"],
    });
  }
  try {
    const args = ["--fail", "--silent", "--show-error", "--ipv4", "--max-time", "30"];
    return (await site.run("curl", [...args, "--proto", "=https", service])).trim();
  } catch (error) {
    throw failed("the service gave no address", error, "give the address by hand: --address=…");
  }
}

/** Why an answer is no public address or range; undefined for one that is. */
function problemOf(text: string): string | undefined {
  const [host = ""] = text.split("/");
  const range = parseCidr(text.includes("/") ? text : `${text}/32`);
  if (range === undefined || !ipaddr.IPv4.isValidFourPartDecimal(host)) {
    return `${JSON.stringify(text.slice(0, 60))} is neither an IPv4 address nor a range like 198.41.0.0/24`;
  }
  if (range.bits === 0) {
    return `${text} would open SSH to the whole internet`;
  }
  if (isDocumentation(host)) {
    return `${text} is an address for documentation, which nobody has`;
  }
  const kind = ipaddr.IPv4.parse(host).range();
  return kind === "unicast"
    ? undefined
    : `${text} is not seen on the internet (${kind}): it is this computer's address at home`;
}
