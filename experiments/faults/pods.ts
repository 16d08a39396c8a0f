/** Pods that faults look for. */
import { z } from "zod";

import type { Site } from "../site.ts";

/** Namespace of the website and of its database. */
export const NAMESPACE = "--namespace=website";

/** A pod, as far as faults look at it; other fields are kept. */
const POD = z.looseObject({
  metadata: z.looseObject({ name: z.string(), deletionTimestamp: z.string().optional() }),
  spec: z.looseObject({
    nodeName: z.string().optional(),
    containers: z.array(
      z.looseObject({
        name: z.string(),
        image: z.string(),
        resources: z
          .looseObject({ limits: z.looseObject({ memory: z.string().optional() }).optional() })
          .optional(),
      }),
    ),
  }),
  status: z.looseObject({
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).optional(),
    containerStatuses: z
      .array(
        z.looseObject({
          containerID: z.string().optional(),
          restartCount: z.int(),
          lastState: z
            .looseObject({
              terminated: z
                .looseObject({ reason: z.string().optional(), exitCode: z.int().optional() })
                .optional(),
            })
            .optional(),
        }),
      )
      .optional(),
  }),
});
export type Pod = z.infer<typeof POD>;

/** One pod by its name. @throws Error when there is none */
export async function podNamed(site: Site, name: string): Promise<Pod> {
  return POD.parse(JSON.parse(await site.kubectl("get", "pod", name, NAMESPACE, "--output=json")));
}

/** The first Ready pod of an app in the website's namespace. @throws Error when it has none */
export async function readyPod(site: Site, app: string): Promise<Pod> {
  const text = await site.kubectl(
    "get",
    "pods",
    NAMESPACE,
    `--selector=app=${app}`,
    "--output=json",
  );
  const pods = z.object({ items: z.array(POD) }).parse(JSON.parse(text)).items;
  const ready = pods.find(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true,
  );
  if (ready === undefined) {
    throw new Error(`${app} has no pod that is Ready`);
  }
  return ready;
}

/** Name of the database's pod. */
export const DATABASE = "database-0";
/** What makes that pod. */
const DATABASE_SET = "statefulset/database";

/**
 * The database's pod on a machine.
 *
 * @throws Error when it is on another one
 */
export async function databaseOn(site: Site, machine: string): Promise<Pod> {
  const pod = await podNamed(site, DATABASE);
  const { nodeName = "no node" } = pod.spec;
  if (nodeName !== machine.toLowerCase()) {
    throw new Error(
      `the database runs on ${nodeName}, not on ${machine}. fix: name the machine that it runs on`,
    );
  }
  return pod;
}

/** Id of the only container of a pod, without its runtime's name. @throws Error when it has not started */
export function containerOf({ metadata, status }: Pod): string {
  const id = status.containerStatuses?.[0]?.containerID?.replace(/^.*:\/\//, "") ?? "";
  if (!/^[0-9a-f]{16,}$/.test(id)) {
    throw new Error(`the container of ${metadata.name} has not started`);
  }
  return id;
}

/** Ends the database's pod in order, and waits until it is gone. */
export async function stopDatabase(site: Site): Promise<void> {
  await site.kubectl("scale", DATABASE_SET, NAMESPACE, "--replicas=0");
  // One that is gone already is no error.
  await site.kubectl("wait", `pod/${DATABASE}`, NAMESPACE, "--for=delete", "--timeout=120s");
}

/** Has the database's pod made again, and waits until it is Ready. */
export async function startDatabase(site: Site): Promise<void> {
  await site.kubectl("scale", DATABASE_SET, NAMESPACE, "--replicas=1");
  await databaseIsReady(site);
}

/** Waits until as many pods of the database as there are to be are Ready. */
export async function databaseIsReady(site: Site): Promise<void> {
  await site.kubectl("rollout", "status", DATABASE_SET, NAMESPACE, "--timeout=180s");
}

/**
 * Folder of the database's volume on the machine that has it.
 *
 * @throws Error when it is no folder, but a disk of its own
 */
export async function volumeOfDatabase(site: Site): Promise<string> {
  const claim = ["pvc", `data-${DATABASE}`, NAMESPACE];
  const volume = await site.kubectl("get", ...claim, "--output=jsonpath={.spec.volumeName}");
  const path = "jsonpath={.spec.local.path}{.spec.hostPath.path}";
  const folder = await site.kubectl("get", "pv", volume.trim(), `--output=${path}`);
  // Part of scripts that remove folders.
  if (!/^\/([\w.-]+\/)+[\w.-]*database[\w.-]*$/.test(folder.trim())) {
    throw new Error(
      `the database's volume is no folder of a node: ${folder.trim() || "it has no path"}`,
    );
  }
  return folder.trim();
}
