/** Rules of network security groups. */
import ipaddr from "ipaddr.js";

import { parseCidr } from "./cidr.ts";
import type { Refusal } from "./refusal.ts";
import { listAt, missing, numberAt, textAt, textsAt } from "./values.ts";
import { ownName, parentOf, RULE, RULES, type Resource, type World } from "./world.ts";

const LOWEST = 100;
const HIGHEST = 4096;

/** Service tags for a rule's source or destination ("Virtual network service tags", 2025-10). */
const TAGS = new Set(
  (
    "* Any Internet VirtualNetwork AzureLoadBalancer ActionGroup ApiManagement AppConfiguration " +
    "AppService AzureActiveDirectory AzureAdvancedThreatProtection AzureArcInfrastructure " +
    "AzureAttestation AzureBackup AzureBotService AzureCloud AzureConnectors " +
    "AzureContainerRegistry AzureCosmosDB AzureDatabricks AzureDevOps AzureEventGrid " +
    "AzureFrontDoor.Backend AzureFrontDoor.Frontend AzureFrontDoor.FirstParty AzureInformationProtection " +
    "AzureIoTHub AzureKeyVault AzureMachineLearning AzureMonitor AzurePlatformDNS AzurePlatformIMDS " +
    "AzurePlatformLKM AzureResourceManager AzureSiteRecovery AzureTrafficManager BatchNodeManagement " +
    "DataFactory EventHub GatewayManager GuestAndHybridManagement LogicApps MicrosoftContainerRegistry " +
    "ServiceBus ServiceFabric Sql SqlManagement Storage WindowsAdminCenter WindowsVirtualDesktop"
  )
    .toLowerCase()
    .split(" "),
);

/** One rule with the place it stands at. */
interface Rule {
  readonly name: string;
  readonly path: string;
  readonly inputs: unknown;
}

/** A group's rules, and what they share with rules that are declared for themselves. */
export function checkRules(group: Resource, world: World): Refusal[] {
  const inner = innerRules(group);
  const others = world
    .ofType(RULE)
    .filter(({ id }) => parentOf(id) === group.id)
    .map(standalone);
  return inner.flatMap((rule, n) => [
    ...checkRule(rule),
    ...conflicts(rule, [...inner.slice(0, n), ...others]),
  ]);
}

/** A rule that is declared for itself. */
export function checkOwnRule(rule: Resource, world: World): Refusal[] {
  const group = world.get(parentOf(rule.id));
  const others = world
    .ofType(RULE)
    .filter(({ id }) => id !== rule.id && parentOf(id) === parentOf(rule.id))
    .map(standalone);
  const within = group?.type === RULES ? innerRules(group) : [];
  const own = standalone(rule);
  const elsewhere = within.filter(({ name }) => name !== own.name);
  return [...checkRule(own), ...conflicts(own, [...others, ...elsewhere])];
}

function innerRules({ inputs }: Resource): readonly Rule[] {
  return listAt(inputs, "securityRules").map((rule, n) => ({
    name: textAt(rule, "name") ?? "",
    path: `securityRules[${n}].`,
    inputs: rule,
  }));
}

function standalone(rule: Resource): Rule {
  return { name: ownName(rule), path: "", inputs: rule.inputs };
}

function checkRule(rule: Rule): Refusal[] {
  const { name, path, inputs } = rule;
  const absent = ["access", "direction", "priority", "protocol"].filter((key) =>
    missing(inputs, key),
  );
  const priority = numberAt(inputs, "priority");
  const refusals = [
    ...absent.map((key) => unspecified(rule, key, key.charAt(0).toUpperCase() + key.slice(1))),
    ...ends(rule),
  ];
  if (
    priority !== undefined &&
    (!Number.isInteger(priority) || priority < LOWEST || priority > HIGHEST)
  ) {
    const message = `Security rule ${name} has invalid Priority. Value provided: ${priority} Allowed range ${LOWEST}-${HIGHEST}.`;
    refusals.push({ path: `${path}priority`, code: "SecurityRuleInvalidPriority", message });
  }
  return refusals;
}

function conflicts(rule: Rule, earlier: readonly Rule[]): Refusal[] {
  const { name, path, inputs } = rule;
  const same = earlier.find((other) => name !== "" && sameName(other.name, name));
  if (same !== undefined) {
    const message = `Rules have the same name: ${name}.`;
    return [{ path: `${path}name`, code: "DuplicateResourceName", message }];
  }
  const met = earlier.find(
    (other) =>
      numberAt(other.inputs, "priority") === numberAt(inputs, "priority") &&
      numberAt(inputs, "priority") !== undefined &&
      sameName(textAt(other.inputs, "direction") ?? "", textAt(inputs, "direction") ?? ""),
  );
  const message = `Security rule ${name} conflicts with rule ${met?.name ?? ""}. Rules cannot have the same Priority and Direction.`;
  return met === undefined
    ? []
    : [{ path: `${path}priority`, code: "SecurityRuleConflict", message }];
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Where traffic comes from and goes to: addresses and ports of both ends. */
function ends(rule: Rule): Refusal[] {
  return (["source", "destination"] as const).flatMap((end) => [
    ...addresses(rule, end),
    ...ports(rule, end),
  ]);
}

function addresses(rule: Rule, end: "source" | "destination"): Refusal[] {
  const { name, path, inputs } = rule;
  const [one, many] = [`${end}AddressPrefix`, `${end}AddressPrefixes`];
  const groups = `${end}ApplicationSecurityGroups`;
  const title = end === "source" ? "Source" : "Destination";
  if ([one, many, groups].every((key) => missing(inputs, key))) {
    const wanted = `${title}AddressPrefixes, ${title}AddressPrefix, or ${title}ApplicationSecurityGroups`;
    return [unspecified(rule, one, wanted)];
  }
  const bad = (key: string, value: string): Refusal => ({
    path: `${path}${key}`,
    code: "SecurityRuleInvalidAddressPrefix",
    message: `Security rule ${name} has invalid Address prefix. Value provided: ${value}`,
  });
  const prefix = textAt(inputs, one);
  const prefixes = textsAt(inputs, many);
  const both = prefix !== undefined && prefixes.length > 0;
  const odd = prefix !== undefined && !isTag(prefix) && !isRange(prefix);
  return [
    ...(both || odd ? [bad(one, prefix)] : []),
    ...prefixes.flatMap((value, n) => {
      if (isTag(value)) {
        const message = `Security rule parameter ${title}AddressPrefix for rule ${name} cannot specify existing VIRTUALNETWORK, INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported value used: ${value}.`;
        const code = "SecurityRuleParameterContainsUnsupportedValue";
        return [{ path: `${path}${many}[${n}]`, code, message }];
      }
      return isRange(value) ? [] : [bad(`${many}[${n}]`, value)];
    }),
  ];
}

function ports(rule: Rule, end: "source" | "destination"): Refusal[] {
  const { name, path, inputs } = rule;
  const [one, many] = [`${end}PortRange`, `${end}PortRanges`];
  const title = end === "source" ? "Source" : "Destination";
  if (missing(inputs, one) && missing(inputs, many)) {
    return [unspecified(rule, one, `${title}PortRanges or ${title}PortRange`)];
  }
  const range = textAt(inputs, one);
  const bad = (key: string, value: string, code: string): Refusal => ({
    path: `${path}${key}`,
    code,
    message: `Security rule ${name} has invalid Port range. Value provided: ${value}. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.`,
  });
  return [
    ...(range === undefined || range === "*" || isPorts(range)
      ? []
      : [bad(one, range, "SecurityRuleInvalidPortRange")]),
    ...textsAt(inputs, many).flatMap((value, n) =>
      isPorts(value)
        ? []
        : [bad(`${many}[${n}]`, value, "SecurityRuleParameterContainsInvalidPortRanges")],
    ),
  ];
}

function unspecified({ name, path }: Rule, key: string, wanted: string): Refusal {
  return {
    path: `${path}${key}`,
    code: "SecurityRuleParameterNotSpecified",
    message: `Required security rule parameters are missing for security rule ${name}. Security rule must specify ${wanted}.`,
  };
}

function isTag(prefix: string): boolean {
  // A tag may name a region, e.g. Storage.EastUS.
  const [service = ""] = prefix.toLowerCase().split(".");
  return TAGS.has(prefix.toLowerCase()) || (TAGS.has(service) && !isRange(prefix));
}

function isRange(prefix: string): boolean {
  return (
    parseCidr(prefix) !== undefined ||
    ipaddr.IPv4.isValidFourPartDecimal(prefix) ||
    ipaddr.IPv6.isValid(prefix) ||
    ipaddr.IPv6.isValidCIDR(prefix)
  );
}

function isPorts(range: string): boolean {
  const [low = "", high = low, ...more] = range.split("-");
  const parts = [low, high].map((port) => (/^\d{1,5}$/.test(port) ? Number(port) : 65_536));
  const [from = 65_536, to = 0] = parts;
  return more.length === 0 && from <= to && to <= 65_535;
}
