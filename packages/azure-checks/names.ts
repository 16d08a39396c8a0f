/** Names and places that Azure takes, by type ("Naming rules and restrictions for Azure resources"). */
import { REGIONS, zonesOf } from "./regions.ts";
import type { Refusal } from "./refusal.ts";
import { isObject, place, textAt, textsAt } from "./values.ts";
import {
  EXTENSION,
  GROUP,
  MACHINE,
  officialType,
  ownName,
  RULES,
  VNET,
  type Resource,
} from "./world.ts";
import { publishedType } from "./models.ts";

interface NameRule {
  readonly pattern: RegExp;
  readonly min: number;
  readonly max: number;
  readonly code: string;
  readonly explain: (name: string) => string;
}

const NETWORK: NameRule = {
  pattern: /^[A-Za-z0-9]([\w.-]*\w)?$/,
  min: 1,
  max: 80,
  code: "InvalidResourceName",
  explain: (name) =>
    `Resource name ${name} is invalid. The name can be up to 80 characters long. It must begin with a word character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.`,
};
const COMPUTE: NameRule = {
  ...NETWORK,
  pattern: /^[A-Za-z0-9][\w.-]*$/,
};

/** Rules that differ from those of every other resource. */
const NAMES: Readonly<Record<string, NameRule>> = {
  [GROUP]: {
    pattern: /^[\w().-]*[\w()-]$/,
    min: 1,
    max: 90,
    code: "InvalidResourceGroup",
    explain: (name) =>
      `The provided resource group name '${name}' has these invalid characters: '${name.replaceAll(/[\w().-]/g, "") || "."}'. The name can only be a letter, digit, '-', '.', '(', ')' or '_', may not end with '.', and may be 90 characters long.`,
  },
  [VNET]: { ...NETWORK, min: 2, max: 64 },
  [MACHINE]: {
    pattern: /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/,
    min: 1,
    max: 64,
    code: "InvalidResourceName",
    explain: (name) =>
      `Resource name ${name} is invalid. A Linux virtual machine's name has 1 to 64 letters, digits, '.' or '-', and begins and ends with a letter or digit.`,
  },
  [EXTENSION]: COMPUTE,
  "azure-native:compute:Disk": COMPUTE,
};

/** Azure's limits of tags. */
const MOST_TAGS = 50;
const LONGEST_TAG_NAME = 512;
const LONGEST_TAG_VALUE = 256;

/** The name, the place and the tags of a resource. */
export function checkNaming(resource: Resource): Refusal[] {
  return [...checkName(resource), ...checkPlace(resource), ...checkTags(resource)];
}

function checkName(resource: Resource): Refusal[] {
  const name = ownName(resource);
  const path = publishedType(resource.type)?.names.at(-1) ?? "";
  const rules = name === "" ? [] : [refuseName(path, name, NAMES[resource.type] ?? NETWORK)];
  // Rules of a security group have names of their own.
  const inner = resource.type === RULES ? rulesNames(resource) : [];
  return [...rules, ...inner].filter((refusal) => refusal !== undefined);
}

function rulesNames({ inputs }: Resource): (Refusal | undefined)[] {
  const rules = inputs["securityRules"];
  return Array.isArray(rules)
    ? rules.map((rule, n) => {
        const name = textAt(rule, "name");
        return name === undefined
          ? undefined
          : refuseName(`securityRules[${n}].name`, name, NETWORK);
      })
    : [];
}

function refuseName(path: string, name: string, rule: NameRule): Refusal | undefined {
  const fits = name.length >= rule.min && name.length <= rule.max && rule.pattern.test(name);
  return fits ? undefined : { path, code: rule.code, message: rule.explain(name) };
}

function checkPlace({ type, inputs }: Resource): Refusal[] {
  const location = textAt(inputs, "location");
  if (location === undefined) {
    return [];
  }
  const zones = zonesOf(location);
  if (zones === undefined) {
    const regions = [...REGIONS.keys()].sort().join(",");
    return [
      type === GROUP
        ? {
            path: "location",
            code: "LocationNotAvailableForResourceGroup",
            message: `The provided location '${location}' is not available for resource group. List of available regions is '${regions}'.`,
          }
        : {
            path: "location",
            code: "LocationNotAvailableForResourceType",
            message: `The provided location '${location}' is not available for resource type '${officialType(type)}'. List of available regions for the resource type is '${regions}'.`,
          },
    ];
  }
  const wanted = textsAt(inputs, "zones");
  if (wanted.length > 0 && zones.length === 0) {
    const kind = officialType(type).split("/").at(-1) ?? "";
    const version = publishedType(type)?.apiVersion ?? "";
    const message = `The resource type '${kind}' does not support availability zones at location '${place(location)}' and api-version '${version}'.`;
    return [{ path: "zones", code: "ResourceTypeNotSupportAvailabilityZones", message }];
  }
  const wrong = wanted.filter((zone) => !zones.includes(zone));
  return wrong.length === 0
    ? []
    : [
        {
          path: "zones",
          code: "AvailabilityZoneNotSupported",
          message: `The zone(s) '${wrong.join(",")}' for resource '${officialType(type)}/${ownName({ type, inputs })}' is not supported. The supported zones for location '${place(location)}' are '${zones.join(",")}'.`,
        },
      ];
}

function checkTags({ inputs }: Resource): Refusal[] {
  const tags = isObject(inputs["tags"]) ? Object.entries(inputs["tags"]) : [];
  const refusals: Refusal[] = [];
  if (tags.length > MOST_TAGS) {
    const message = `The number of tags is ${tags.length}. The maximum number of tags is ${MOST_TAGS}.`;
    refusals.push({ path: "tags", code: "InvalidTagsCount", message });
  }
  for (const [name, value] of tags) {
    const path = `tags.${name}`;
    if (name.length > LONGEST_TAG_NAME || /[<>%&\\?/]/.test(name)) {
      const message = `The tag name '${name}' is not valid. It may have ${LONGEST_TAG_NAME} characters and none of '<,>,%,&,\\,?,/'.`;
      refusals.push({ path, code: "InvalidTagNameCharacters", message });
    }
    if (typeof value === "string" && value.length > LONGEST_TAG_VALUE) {
      const message = `The tag value of '${name}' has ${value.length} characters. It may have ${LONGEST_TAG_VALUE}.`;
      refusals.push({ path, code: "InvalidTagValueLength", message });
    }
  }
  return refusals;
}
