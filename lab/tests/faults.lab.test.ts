import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, beforeEach, describe, expect, it } from "vitest";

import { NAMESPACES, RUN } from "../layout.ts";
import { halt, powerOn } from "../machines/machine.ts";
import { movePi, returnPi } from "../machines/pi.ts";
import { inside, machines } from "../testing/machines.ts";
import {
  ask,
  kubectl,
  objects,
  outputs,
  websiteSpread,
  timing,
  until,
  websiteCounts,
  websitePods,
} from "../testing/lab.ts";

const operator = readFileSync(join(RUN, "operator", "id_ed25519.pub"), "utf8").trim();

/** A node's Ready condition with the time it was last reported. */
async function ready(node: string, since: number): Promise<true | undefined> {
  const [found] = await objects<{
    status: { conditions: { type: string; status: string; lastHeartbeatTime: string }[] };
  }>("nodes", "--field-selector", `metadata.name=${node}`);
  const condition = found?.status.conditions.find(({ type }) => type === "Ready");
  return condition?.status === "True" && Date.parse(condition.lastHeartbeatTime) > since
    ? true
    : undefined;
}

/** Every worker's address answers, from as many pods as there should be, wherever they run now. */
async function served(): Promise<true | undefined> {
  const pods = await websitePods();
  const answers = await Promise.all(outputs().websiteUrls.map((url) => ask(url)));
  return pods.length >= 4 && answers.every(({ status }) => status === 200) ? true : undefined;
}

/** The poll takes a vote: its database is there. */
async function voted(): Promise<true | undefined> {
  return (await vote()).status === 201 ? true : undefined;
}

function vote(): ReturnType<typeof ask> {
  return ask(new URL("/api/votes", outputs().websiteUrl).href, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ answer: "dog", ballot: randomUUID() }),
  });
}

describe("a power cut", () => {
  beforeEach(websiteSpread);

  it.each(machines())("of %s heals by itself when the power is back", async (machine) => {
    await halt(machine);
    const back = Date.now();
    await powerOn(machine);
    await until(`${machine.toLowerCase()} to report Ready`, () =>
      ready(machine.toLowerCase(), back),
    );
    await until("the website to be whole again", served);
    await until("a vote to be counted again", voted);
    timing(`from power to a whole site again, ${machine}`, back);
  });
});

describe("a Pi that was away", () => {
  beforeEach(websiteSpread);

  it("gets its half of the website back", async () => {
    await halt("raspberrypi");
    await until("the worker to serve alone", async () => {
      const pods = await websitePods();
      const fled = pods.filter(({ spec }) => spec.nodeName === "workernode");
      return fled.length >= 4 ? true : undefined;
    });
    const back = Date.now();
    await powerOn("raspberrypi");
    await until("the Pi to report Ready", () => ready("raspberrypi", back));
    timing("the Pi back in the cluster", back);
    await websiteSpread();
    timing("the Pi serves its half again", back);
  });
});

describe("the Pi in another home", () => {
  beforeEach(websiteSpread);

  afterAll(async () => {
    await returnPi(operator);
    await until("the Pi to be back in its first home", () =>
      ready("raspberrypi", Date.now() - 10_000),
    );
  });

  it("comes back into the cluster without up", async () => {
    const since = Date.now();
    await movePi(operator);
    timing("the Pi's boot in the second home", since);
    await until("the Pi to report Ready from the second home", () => ready("raspberrypi", since));
    timing("the Pi back in the cluster", since);
    // Pods that ran before the move count as ready until their kubelet has looked again.
    await until("the log of a website pod on the Pi", async () => {
      const pods = await websitePods();
      const pod = pods.find(({ spec }) => spec.nodeName === "raspberrypi");
      const name = pod?.metadata.name ?? "none yet";
      const logs = await kubectl("logs", "-n", "website", name);
      return logs.includes("Running on http://0.0.0.0:8080") ? true : undefined;
    });
    await until("the website to be whole", served);
    timing("the Pi serves again", since);
  });
});

describe("a router that forgot to translate a flow", () => {
  const rule = "postrouting oifname uplink masquerade";

  async function router(script: string): Promise<void> {
    await execa("nsenter", [`--net=/run/netns/${NAMESPACES.home}`, "bash", "-ec", script]);
  }

  afterAll(() => router(`nft flush chain ip router postrouting; nft add rule ip router ${rule}`));

  it("is left by another port, without up", async () => {
    await halt("raspberrypi");
    // As after a power cut at home: the Pi dials before the router's rules stand.
    await router("nft flush chain ip router postrouting");
    await powerOn("raspberrypi");
    await until("the Pi to have dialled", async () => {
      const sent = await inside("raspberrypi", "wg show fogline0 transfer | cut -f3");
      return Number(sent) > 0 ? true : undefined;
    });
    const since = Date.now();
    await router(`nft add rule ip router ${rule}`);
    const handshake = "wg show fogline0 latest-handshakes | cut -f2";
    expect((await inside("raspberrypi", handshake)).trim()).toBe("0");
    expect(await inside("raspberrypi", "systemctl is-active fogline-overlay-watch.timer")).toMatch(
      /^active/,
    );
    // What the timer does twice a minute from the third minute on, with less patience.
    await inside("raspberrypi", "/usr/local/sbin/fogline-overlay-watch 10");
    await until("the Pi to report Ready", () => ready("raspberrypi", since));
    timing("from a router that translates again to a Ready Pi", since);
    await until("the website to be whole again", served);
  });
});

describe("a database that is down", () => {
  afterAll(async () => {
    await kubectl("scale", "-n", "website", "statefulset/database", "--replicas=1");
  });

  it("leaves the page up, asks voters to come back, and loses nothing", async () => {
    const site = outputs().websiteUrl;
    const total = async (): Promise<number> => {
      const { status, body } = await ask(new URL("/api/results", site).href);
      expect(status).toBe(200);
      return (JSON.parse(body) as { total: number }).total;
    };
    await websiteCounts();
    const before = await total();
    await kubectl("scale", "-n", "website", "statefulset/database", "--replicas=0");
    const refused = await until("a vote to be refused for now", async () => {
      const answer = await vote();
      return answer.status === 503 ? answer : undefined;
    });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect((await ask(site)).status).toBe(200);
    await kubectl("scale", "-n", "website", "statefulset/database", "--replicas=1");
    await until("votes to be taken again", voted);
    await websiteCounts();
    expect(await total()).toBeGreaterThan(before);
  });
});
