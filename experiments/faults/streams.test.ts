import { describe, expect, it } from "vitest";

import type { Fault } from "../model.ts";
import { scriptedSite, type ScriptedSite } from "../testing/scripted-site.ts";
import { streams } from "./streams.ts";

const FAULT: Extract<Fault, { kind: "streams" }> = {
  kind: "streams",
  machine: "raspberrypi",
  streams: 3,
  bufferBytes: 102_400,
};

/** A site whose iperf3 client is connected so often; its server starts, unless it has a failure. */
function connected(times: number, failure?: string): ScriptedSite {
  const lines = Array.from(
    { length: times },
    (_, n) => `[ ${n}] local 192.168.50.2 port 4000${n} connected to 192.168.50.10 port 5201`,
  );
  const answers: Readonly<Record<string, string | Error | undefined>> = {
    visit: ["Connecting to host 192.168.50.10, port 5201", ...lines].join("\n"),
    "raspberrypi:": failure === undefined ? undefined : new Error(failure),
  };
  return scriptedSite((did) => answers[did.split(" ")[0] ?? ""], {
    addressOf: () => Promise.resolve("192.168.50.10"),
  });
}

describe("background load", () => {
  it("is in force when all of its streams stand, and ends with its server", async () => {
    const site = connected(3);
    await streams.inject(site, FAULT, () => undefined);
    const [server, client] = site.did;
    expect(server).toMatch(/^raspberrypi: .*iperf3 --server --port 5201/s);
    expect(client).toBe(
      "visit nice -n 19 stdbuf --output=L iperf3 --client 192.168.50.10 --port 5201 --parallel 3 --length 102400 " +
        "--time 86400 --interval 0",
    );
    expect(site.did).toHaveLength(2);
    await streams.recover(site, FAULT);
    expect(site.did[2]).toBe("end nice");
    expect(site.did[3]).toMatch(/^raspberrypi: .*systemctl stop/);
    // Asked for twice, as a cell's end does.
    await streams.recover(site, FAULT);
    expect(site.did.filter((what) => what === "end nice")).toHaveLength(1);
  });

  it("is refused where its client ends before that, which is ended", async () => {
    const site = connected(2);
    await expect(streams.inject(site, FAULT, () => undefined)).rejects.toThrow(
      "iperf3 ended when 2 of 3 streams to raspberrypi (192.168.50.10:5201) stood",
    );
    expect(site.did.at(-1)).toBe("end nice");
  });

  it("is refused where the machine has no iperf3", async () => {
    const site = connected(3, "iperf3 is missing: apt-get install iperf3");
    await expect(streams.inject(site, FAULT, () => undefined)).rejects.toThrow(
      "apt-get install iperf3",
    );
    expect(site.did).toHaveLength(1);
  });

  it("is no fault of a node", () => {
    expect(streams.subject(FAULT)).toBe("streams");
    expect(streams.describe(FAULT)).toBe(
      "sends 3 TCP streams to raspberrypi, 102400 bytes at once (iperf3)",
    );
  });
});
