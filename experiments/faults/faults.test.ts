import { describe, expect, it } from "vitest";

import type { Fault } from "../model.ts";
import { scriptedSite, type Answer } from "../testing/scripted-site.ts";
import { kindOf } from "./index.ts";

const CONTAINER = "0123456789abcdef0123456789abcdef";
const VOLUME = "/var/lib/rancher/k3s/storage/pvc-1_website_data-database-0";

/** A pod of the website, or of the database. */
function pod(name: string, { restarts = 0, exitCode = 137, memory = "192Mi" } = {}): object {
  return {
    metadata: { name },
    spec: {
      nodeName: "workernode",
      nodeSelector: { tier: "cloud" },
      containers: [
        {
          ...{ name: "website", image: "images/website@sha256:1" },
          ...{ env: [{ name: "PORT", value: "8080" }], volumeMounts: [{ name: "password" }] },
          resources: { limits: { memory } },
        },
      ],
      volumes: [{ name: "password" }],
    },
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [
        {
          ...{ containerID: `containerd://${CONTAINER}`, restartCount: restarts },
          lastState: restarts === 0 ? {} : { terminated: { reason: "OOMKilled", exitCode } },
        },
      ],
    },
  };
}

/** What a healthy cluster answers. */
const cluster: Answer = (did) => {
  if (did.startsWith("kubectl get pod database-0")) {
    return JSON.stringify(pod("database-0"));
  }
  if (did.startsWith("kubectl get pods")) {
    return JSON.stringify({ items: [pod("website-1")] });
  }
  if (did.startsWith("kubectl get pvc")) {
    return "pvc-1";
  }
  return did.startsWith("kubectl get pv") ? VOLUME : undefined;
};

async function inject(fault: Fault, answer: Answer = cluster) {
  const site = scriptedSite(answer);
  const notes: string[] = [];
  await kindOf(fault).inject(site, fault, (text) => notes.push(text));
  return { did: site.did, notes };
}

async function recover(fault: Fault, answer: Answer = cluster): Promise<readonly string[]> {
  const site = scriptedSite(answer);
  await kindOf(fault).recover(site, fault);
  return site.did;
}

describe("faults of K3s", () => {
  it.each([
    ["k3s-kill", "ACTION='kill'", "start"],
    ["k3s-stop", "ACTION='stop' LIMIT='7200'", "start"],
    ["kubelet-freeze", "ACTION='freeze' LIMIT='7200'", "thaw"],
  ] as const)(
    "%s is a script on the machine, and another one undoes it",
    async (kind, to, back) => {
      const fault: Fault = { kind, machine: "MasterNode" };
      expect(kindOf(fault).subject(fault)).toBe("masternode");
      expect((await inject(fault)).did).toEqual([`MasterNode: ${to}`]);
      expect(await recover(fault)).toEqual([`MasterNode: ACTION='${back}'`]);
    },
  );

  it.each(["k3s-stop", "kubelet-freeze"] as const)(
    "%s ends by itself when it is told to",
    async (kind) => {
      const fault: Fault = { kind, machine: "pi", limitSeconds: 180 };
      expect((await inject(fault)).did[0]).toContain("LIMIT='180'");
    },
  );
});

describe("a restart", () => {
  const fault: Fault = { kind: "reboot", machine: "raspberrypi" };

  it("may take the connection with it by which it was told", async () => {
    const site = scriptedSite();
    await kindOf(fault).inject(site, fault, () => undefined);
    expect(site.asked).toMatchObject([{ options: { silences: true } }]);
  });

  it("is undone when the machine has gone and is back", async () => {
    const answers = ["", new Error("the machine raspberrypi does not run"), "up\n"];
    const did = await recover(fault, () => answers.shift());
    expect(did).toHaveLength(3);
    expect(new Set(did).size).toBe(1);
  });
});

describe("a killed database", () => {
  const fault: Fault = { kind: "database-kill", machine: "WorkerNode" };

  it("is the first process of its container", async () => {
    const { did } = await inject(fault);
    expect(did.at(-1)).toBe(`WorkerNode: CONTAINER='${CONTAINER}'`);
  });

  it("is looked for on the machine that it is said to be on", async () => {
    await expect(inject({ ...fault, machine: "raspberrypi" })).rejects.toThrow(
      "the database runs on workernode, not on raspberrypi. fix: name the machine",
    );
  });
});

describe("a full disk", () => {
  const fault: Fault = { kind: "disk-full", machine: "WorkerNode", of: "database" };
  const disk = (action: string): string =>
    `WorkerNode: ACTION='${action}' FOLDER='${VOLUME}' OF='database' SPACE='32'`;

  it("of the database is made small and put back while the database is stopped", async () => {
    for (const [step, action] of [
      ["prepare", "limit"],
      ["clear", "restore"],
    ] as const) {
      const site = scriptedSite(cluster);
      await kindOf(fault)[step]?.(site, fault);
      const at = (part: string): number => site.did.findIndex((each) => each.includes(part));
      expect(site.did).toContain(disk(action));
      expect(at("--replicas=0")).toBeLessThan(at("--for=delete"));
      expect(at("--for=delete")).toBeLessThan(at("ACTION="));
      expect(at("ACTION=")).toBeLessThan(at("--replicas=1"));
      expect(site.did.at(-1)).toContain("rollout status statefulset/database");
    }
  });

  it("leaves the database running when it cannot be made small", async () => {
    const site = scriptedSite((what) =>
      what.includes("'limit'") ? new Error("no space for it") : cluster(what),
    );
    await expect(kindOf(fault).prepare?.(site, fault)).rejects.toThrow("no space for it");
    expect(site.did.some((each) => each.includes("--replicas=1"))).toBe(true);
  });

  it("is filled and emptied under load, with the database running", async () => {
    expect((await inject(fault)).did.filter((each) => !each.includes(" get "))).toEqual([
      disk("fill"),
    ]);
    expect((await recover(fault)).filter((each) => !each.includes(" get "))).toEqual([
      disk("empty"),
    ]);
  });

  it("of a machine needs nothing of the database", async () => {
    const own: Fault = { kind: "disk-full", machine: "pi", of: "machine" };
    const site = scriptedSite(cluster);
    await kindOf(own).prepare?.(site, own);
    await kindOf(own).clear?.(site, own);
    expect(site.did).toEqual([]);
    expect((await inject(own)).did[0]).toContain("FOLDER='/var/lib/rancher' OF='machine'");
  });

  it("is not made of a volume that is no folder of the database's", async () => {
    const answer: Answer = (did) => (did.startsWith("kubectl get pv ") ? "/" : cluster(did));
    await expect(inject(fault, answer)).rejects.toThrow("is no folder of a node");
  });
});

describe("a registry that is gone", () => {
  const fault: Fault = { kind: "registry-gone", machines: ["raspberrypi", "WorkerNode"] };

  it("is gone for each of the machines, and comes back to each", async () => {
    const { did } = await inject(fault);
    expect(did.map((each) => each.split(" ")[0])).toEqual(["raspberrypi:", "WorkerNode:"]);
    expect(did[0]).toContain(
      "ACTION='refuse' LIMIT='7200' REGISTRIES='/etc/rancher/k3s/registries.yaml'",
    );
    expect(await recover(fault)).toHaveLength(2);
  });
});

describe("name servers that are gone", () => {
  const fault: Fault = { kind: "dns-down" };

  it("leave their number with the deployment before they go", async () => {
    const { did } = await inject(fault, (what) => (what.includes(" get ") ? "2" : undefined));
    expect(did[1]).toContain("--overwrite fogline/pods-before-fault=2");
    expect(did[2]).toContain("--replicas=0");
  });

  it("come back in the number that is there, and do so once", async () => {
    const did = await recover(fault, (what) => (what.includes(" get ") ? "2" : undefined));
    expect(did[1]).toContain("--replicas=2");
    expect(did.at(-1)).toMatch(/fogline\/pods-before-fault-$/);
    expect(await recover(fault, () => "")).toHaveLength(1);
  });

  it("are brought back by the control plane's machine where nobody else does", async () => {
    const guard = { machine: "MasterNode", seconds: 180 };
    const had: Answer = (what) => (what.includes(" get ") ? "2" : undefined);
    const site = scriptedSite(had);
    await kindOf(fault).inject(site, { ...fault, guard }, () => undefined);
    const at = (part: string): number => site.did.findIndex((each) => each.includes(part));
    expect(site.asked[0]?.script).toContain(
      "--on-active=180 --timer-property=AccuracySec=1s /bin/bash -c " +
        "'k3s kubectl scale deployment/coredns --namespace=kube-system --replicas=2'",
    );
    expect(at("systemd-run")).toBeLessThan(at("--replicas=0"));
    const back = scriptedSite(had);
    await kindOf(fault).recover(back, { ...fault, guard });
    expect(back.asked).toMatchObject([{ machine: "MasterNode" }]);
    expect(back.asked[0]?.script).toContain("systemctl stop fogline-fault-dns.timer");
  });

  it("are refused where there are none", async () => {
    await expect(inject(fault, () => "0")).rejects.toThrow("no name server");
  });
});

describe("a container without memory", () => {
  const fault: Fault = { kind: "out-of-memory" };
  /** The pod as it is seen after the command. */
  const after =
    (last: object, first = pod("website-1")): Answer =>
    (did) => {
      if (did.startsWith("kubectl exec")) {
        return new Error("command terminated with exit code 137");
      }
      return JSON.stringify(did.startsWith("kubectl get pods") ? { items: [first] } : last);
    };

  it("is one that the kernel has ended, whatever became of the command in it", async () => {
    const { did, notes } = await inject(fault, after(pod("website-1", { restarts: 1 })));
    expect(notes).toEqual(["the container of website-1 was killed at its limit (OOMKilled)"]);
    const exec = did.find((each) => each.startsWith("kubectl exec"));
    expect(exec).toContain(
      "exec website-1 --namespace=website --container=website -- node --eval=",
    );
    // 192 MiB in parts of 8, and 8 more.
    expect(exec).toContain("n<32;");
  });

  it("is none that ended otherwise", async () => {
    const ended = pod("website-1", { restarts: 1, exitCode: 0 });
    await expect(inject(fault, after(ended))).rejects.toThrow(
      "ended otherwise: OOMKilled, 0 exit code",
    );
  });

  it("is none without a limit, whose node would suffer", async () => {
    const first = pod("website-1", { memory: "" });
    await expect(inject(fault, after(first, first))).rejects.toThrow("has no memory limit");
  });
});

describe("a clock that jumps", () => {
  const fault: Fault = { kind: "clock-jump", seconds: -90 };

  it("is set in the container, and set right again", async () => {
    const [did] = (await inject(fault)).did;
    expect(did).toContain("exec website-clock");
    expect(did).toContain(String.raw`"-90\n"`);
    const there = await recover(fault, () => "pod/website-clock\n");
    expect(there.at(-1)).toContain(String.raw`"+0\n"`);
    expect(await recover(fault)).toHaveLength(1);
  });

  it("goes with its pod", async () => {
    const site = scriptedSite();
    await kindOf(fault).clear?.(site, fault);
    expect(site.did).toHaveLength(2);
    expect(site.did.every((each) => each.includes("--ignore-not-found"))).toBe(true);
  });
});

describe("an up during a fault", () => {
  const settings = { website: { scaleDownSeconds: 31 } };
  const fault: Fault = { kind: "up", settings, before: {} };

  it("is noted when it succeeds, and when it fails, with the end of what it said", async () => {
    const good = await inject(fault, (did) =>
      did.startsWith("kubectl get nodes") ? "masternode v1\nraspberrypi v1\n" : undefined,
    );
    expect(good.did[0]).toBe('up {"website":{"scaleDownSeconds":31}}');
    expect(good.notes).toEqual([
      expect.stringMatching(/^up succeeded after \d+ s: masternode v1, raspberrypi v1$/),
    ]);
    const bad = await inject(fault, () => new Error(`${"x".repeat(900)} fix: make up`));
    expect(bad.notes[0]).toMatch(/^up failed after \d+ s: x+ fix: make up$/);
    expect(bad.notes[0]?.length).toBeLessThan(700);
  });

  it("is undone by an up with the settings of before", async () => {
    expect(await recover(fault)).toEqual(["up {}"]);
  });
});

it("a kind of another version is named", () => {
  expect(() => kindOf({ kind: "meteor" } as unknown as Fault)).toThrow(
    /no fault is of the kind meteor; there are power-off, /,
  );
});
