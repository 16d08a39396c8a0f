/**
 * What Azure would refuse, before it is asked: a declaration's request against Azure's published
 * models, and Azure's rules that a model does not hold.
 *
 * Azure itself answers with one refusal at a time; here all of them come at once.
 */
import { checkAddress } from "./address.ts";
import { checkExtension } from "./extension.ts";
import { checkNic } from "./nic.ts";
import { checkMachine } from "./machine.ts";
import { AZURE, publishedType } from "./models.ts";
import { checkNaming } from "./names.ts";
import { checkSubnet, checkVnet } from "./network.ts";
import { checkQuota, type Quota } from "./quota.ts";
import { describeRefusal, type Refusal } from "./refusal.ts";
import { requestOf } from "./request.ts";
import { checkOwnRule, checkRules } from "./security.ts";
import { checkSurroundings } from "./surroundings.ts";
import {
  ADDRESS,
  EXTENSION,
  NIC,
  declaredWorld,
  MACHINE,
  NO_SUBSCRIPTION,
  officialType,
  RULE,
  RULES,
  SUBNET,
  VNET,
  type Declaration,
  type Resource,
  type World,
} from "./world.ts";

/** What Azure has by type beside names, places and models. */
const RULES_OF: Readonly<Record<string, (resource: Resource, world: World) => Refusal[]>> = {
  [VNET]: checkVnet,
  [SUBNET]: checkSubnet,
  [RULES]: checkRules,
  [RULE]: checkOwnRule,
  [ADDRESS]: checkAddress,
  [NIC]: checkNic,
  [MACHINE]: checkMachine,
  [EXTENSION]: checkExtension,
};

/** A refusal, and whose it is. */
export interface Finding extends Refusal {
  /** Name in the program. */
  readonly resource: string;
  readonly type: string;
}

/**
 * Everything that Azure would refuse of one resource.
 *
 * @param quota cores that the subscription may use; not checked without
 */
export function checkResource(resource: Resource, world: World, quota?: Quota): Refusal[] {
  const { refusals } = requestOf(resource.type, resource.inputs, NO_SUBSCRIPTION);
  const rules = RULES_OF[resource.type];
  return [
    ...refusals,
    ...checkNaming(resource),
    ...checkSurroundings(resource, world),
    ...(rules === undefined ? [] : rules(resource, world)),
    ...(quota === undefined || resource.type !== MACHINE ? [] : checkQuota(resource, world, quota)),
  ];
}

/** Everything that Azure would refuse of a program's declarations; other providers' are passed over. */
export function checkProgram(declarations: readonly Declaration[], quota?: Quota): Finding[] {
  const azure = declarations.filter(({ type }) => type.startsWith(AZURE));
  const known = azure.filter(({ type }) => publishedType(type) !== undefined);
  const world = declaredWorld(known);
  const strangers = azure
    .filter((declaration) => !known.includes(declaration))
    .map(({ type, name }) => ({
      resource: name,
      type,
      path: "",
      code: "ModelNotPublished",
      message: `no published model of ${type} was taken over: name it in packages/azure-checks/models/generate.ts`,
    }));
  const seen = new Map<string, string>();
  const doubles: Finding[] = [];
  world.resources.forEach(({ id, type }, n) => {
    const name = known[n]?.name ?? "";
    const earlier = seen.get(id.toLowerCase());
    if (earlier !== undefined && !id.includes("{")) {
      const message = `The resource '${id}' is already declared as ${earlier}: cannot create already existing resource.`;
      doubles.push({ resource: name, type, path: "", code: "ResourceExists", message });
    }
    seen.set(id.toLowerCase(), name);
  });
  return [
    ...strangers,
    ...doubles,
    ...world.resources.flatMap((resource, n) =>
      checkResource(resource, world, quota).map((refusal) => ({
        resource: known[n]?.name ?? "",
        type: resource.type,
        ...refusal,
      })),
    ),
  ];
}

/** A finding on one line: who, where, and what Azure says. */
export function describeFinding(finding: Finding): string {
  const where = [finding.resource, finding.path].filter((part) => part !== "").join(": ");
  return `${where}: ${describeRefusal(finding)} (${officialType(finding.type) || finding.type})`;
}
