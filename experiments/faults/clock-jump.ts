/**
 * The wall clock of one process jumps, as when its machine has been given the time after a long sleep.
 *
 * All machines of a lab share one clock, and a program in Go, such as K3s, asks the kernel without its C library. So
 * it is one pod of the website: a copy of another one, which the Service sends visits to as well, with libfaketime
 * loaded before its C library. Its process runs with the right time first; then a file that libfaketime reads each
 * second says otherwise. The monotonic clock goes on, as with a real jump. Visits and votes that this pod answers must
 * be as good as any: votes get their time from the database, and time limits are those of the monotonic clock.
 *
 * libfaketime is that of this computer (Debian's package of that name); nodes with other processors are left out.
 */
import { existsSync } from "node:fs";
import { arch } from "node:process";

import type { Fault } from "../model.ts";
import type { Site } from "../site.ts";
import type { FaultKind } from "./index.ts";
import { NAMESPACE, readyPod, type Pod } from "./pods.ts";

/** Name of the pod, and of the ConfigMap with the library. */
const NAME = "website-clock";
const LABELS = { app: "website" };
const LIBRARY = "libfaketime.so.1";
/** Kubernetes', GNU's and this program's names of processors. */
const ARCHITECTURES: Readonly<Record<string, readonly [kubernetes: string, gnu: string]>> = {
  x64: ["amd64", "x86_64-linux-gnu"],
  arm64: ["arm64", "aarch64-linux-gnu"],
};
const FOLDERS = { library: "/run/faketime", file: "/run/clock" } as const;
const FILE = `${FOLDERS.file}/offset`;

export const clockJump: FaultKind<Extract<Fault, { kind: "clock-jump" }>> = {
  describe: ({ seconds }) => `sets the clock of one more pod of the website by ${seconds} s`,
  subject: () => "website",
  prepare: async (site) => {
    const [kubernetes, gnu] = ARCHITECTURES[arch] ?? [arch, arch];
    const path = `/usr/lib/${gnu}/faketime/${LIBRARY}`;
    if (!existsSync(path)) {
      throw new Error(`${path} is missing. fix: apt-get install libfaketime`);
    }
    const pod = await readyPod(site, "website");
    await remove(site);
    await site.kubectl("create", "configmap", NAME, NAMESPACE, `--from-file=${LIBRARY}=${path}`);
    const image = pod.spec.containers[0]?.image ?? "";
    const overrides = JSON.stringify({ spec: copyOf(pod, kubernetes) });
    await site.kubectl(
      ...["run", NAME, NAMESPACE, `--image=${image}`, `--labels=app=${LABELS.app}`],
      ...["--override-type=merge", `--overrides=${overrides}`],
    );
    await site.kubectl("wait", `pod/${NAME}`, NAMESPACE, "--for=condition=Ready", "--timeout=120s");
  },
  inject: (site, { seconds }) => jump(site, seconds),
  recover: async (site) => {
    // It may be gone already, or never have come.
    const there = ["pod", NAME, NAMESPACE, "--ignore-not-found", "--output=name"];
    if ((await site.kubectl("get", ...there)).trim() !== "") {
      await jump(site, 0);
    }
  },
  clear: (site) => remove(site),
};

/** In the container, whose own program may write the file: the image may have no shell. */
async function jump(site: Site, seconds: number): Promise<void> {
  const offset = `${seconds < 0 ? "" : "+"}${seconds}`;
  const write = `require("node:fs").writeFileSync(${JSON.stringify(FILE)},${JSON.stringify(`${offset}\n`)})`;
  await site.kubectl(
    "exec",
    NAME,
    NAMESPACE,
    "--container=website",
    "--",
    "node",
    `--eval=${write}`,
  );
}

async function remove(site: Site): Promise<void> {
  const away = ["--ignore-not-found", "--timeout=120s"];
  await site.kubectl("delete", "pod", NAME, NAMESPACE, ...away);
  await site.kubectl("delete", "configmap", NAME, NAMESPACE, ...away);
}

/** The specification of a pod like another one, with the library loaded. */
function copyOf({ spec }: Pod, architecture: string): object {
  const { containers, ...rest } = spec;
  const environment = {
    LD_PRELOAD: `${FOLDERS.library}/${LIBRARY}`,
    FAKETIME_TIMESTAMP_FILE: FILE,
    // Seconds until the file is read again.
    FAKETIME_CACHE_DURATION: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    // Offsets are from the real time, not from the start of the process.
    FAKETIME_DONT_RESET: "1",
  };
  return {
    ...rest,
    nodeName: undefined,
    // Not spread with the pods of one ReplicaSet, of which it is none.
    topologySpreadConstraints: asList(rest["topologySpreadConstraints"]).map((rule) => ({
      ...asRecord(rule),
      ...{ labelSelector: { matchLabels: LABELS }, matchLabelKeys: undefined },
    })),
    nodeSelector: { ...asRecord(rest["nodeSelector"]), "kubernetes.io/arch": architecture },
    containers: containers.map((container) => ({
      ...container,
      env: [
        ...asList(container["env"]),
        ...Object.entries(environment).map(([name, value]) => ({ name, value })),
      ],
      volumeMounts: [
        ...asList(container["volumeMounts"]),
        { name: "faketime", mountPath: FOLDERS.library, readOnly: true },
        { name: "clock", mountPath: FOLDERS.file },
      ],
    })),
    volumes: [
      ...asList(rest["volumes"]),
      { name: "faketime", configMap: { name: NAME } },
      { name: "clock", emptyDir: {} },
    ],
  };
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asRecord(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
