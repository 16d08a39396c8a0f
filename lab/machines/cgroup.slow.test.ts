import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";

import { afterEach, expect, it } from "vitest";

import { createGroups, members, removeGroups } from "./cgroup.ts";

const MACHINE = "test-machine";
/** Looks at a machine whose groups come and go; some tens find one half gone. */
const LOOKS = 2000;

afterEach(() => {
  removeGroups(MACHINE);
});

it("counts a machine's processes while its kubelet makes and removes groups", async () => {
  const files = createGroups(MACHINE, { cpus: 1, memoryMiB: 64 });
  // The hierarchy that processes are counted in; cgroup v2 has no other.
  const file = files.find((name) => name.includes("/pids/")) ?? files[0] ?? "";
  const churn =
    'cd "$1"; echo; while :; do mkdir -p pods/pod/a; rmdir pods/pod/a pods/pod pods; done';
  const kubelet = spawn("bash", ["-c", churn, "-", dirname(file)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(kubelet, "close");
  await once(kubelet.stdout, "data");
  try {
    for (let look = 0; look < LOOKS; look += 1) {
      expect(members(MACHINE)).toEqual([]);
    }
    expect(kubelet.exitCode).toBeNull();
  } finally {
    kubelet.kill("SIGKILL");
    await ended;
  }
});
