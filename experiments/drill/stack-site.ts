/** A stack of one's own as a site: by what its operator's computer can do, over the internet and the overlay. */
import { nodeName } from "../../config/names.ts";
import { OperatorError } from "../../operator/command.ts";
import type { RunningStack } from "../../operator/stack.ts";
import { following } from "../following.ts";
import type { Site } from "../site.ts";
import { powerByHand, type Hands } from "./power.ts";

/** Seconds that a machine which cannot be reached is waited for: it may be silent, or restart. */
const PATIENCE = 180;
/** Longest that kubectl may take: it waits for rollouts, which have 180 s. */
const KUBECTL_SECONDS = 300;

/**
 * Visitors are on this computer, as far from the website as it is. Machines are reached over the overlay, which a
 * fault may cut: what is harmful must end by itself there.
 *
 * @throws OperatorError when its cluster does not answer
 */
export async function stackSite(stack: RunningStack, hands: Hands): Promise<Site> {
  const kubectl = (...args: readonly string[]): Promise<string> =>
    stack.kubectl(args, { seconds: KUBECTL_SECONDS });
  const cloud = stack.outputs.inventory;
  const descheduler = ["--all-namespaces", "--selector=app=descheduler", "--output=name"];
  const moves = await kubectl("get", "deployments", ...descheduler, "--request-timeout=10s");
  return {
    name: stack.name,
    urls: stack.websiteUrls,
    evensOut: moves.trim() !== "",
    visitor: [],
    kubectl,
    addressOf: (machine) => {
      const found = cloud.find((each) => nodeName(each) === nodeName({ name: machine }));
      return found === undefined
        ? Promise.reject(new OperatorError(`${machine} has no public address`))
        : Promise.resolve(found.publicAddress);
    },
    visit: (...command) => following(command),
    watch: (...args) => following(stack.kubectlCommand(args)),
    onMachine: (machine, script, options) =>
      stack.onMachine(machine, script, { ...options, patience: PATIENCE, say: hands.say }),
    ...powerByHand(
      { kubectl, onMachine: (machine, script) => stack.onMachine(machine, script) },
      cloud,
      hands,
    ),
    drain: (machine) => noDrill("drains no node", `make drain NODE=${machine} STACK=${stack.name}`),
    undrain: (machine) =>
      noDrill("drains no node", `make undrain NODE=${machine} STACK=${stack.name}`),
    up: () => noDrill("changes no settings", `pulumi up --stack ${stack.name}`),
    parts: async () => ({
      toolchain: [{ part: "k3s", version: stack.outputs.versions.k3s, source: "the stack" }],
      images: imagesOf(await kubectl("get", "pods", "--all-namespaces", `--output=${IMAGES}`)),
    }),
  };
}

function noDrill(what: string, fix: string): Promise<never> {
  return Promise.reject(new OperatorError(`a drill ${what}. fix: ${fix}`));
}

const IMAGES = `jsonpath={range .items[*].spec.containers[*]}{.image}{"\\n"}{end}`;

/** Each image once, its version being what is behind its name. */
function imagesOf(text: string): Awaited<ReturnType<Site["parts"]>>["images"] {
  const references = [...new Set(text.split("\n").filter((line) => line !== ""))].sort();
  return references.map((reference) => {
    const [, image = reference, version = ""] =
      /^(.*\/[^:@]+|[^:@]+)[:@]?(.*)$/.exec(reference) ?? [];
    return { image, version, source: "the stack" };
  });
}
