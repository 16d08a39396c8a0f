import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { render } from "../../components/remote/render.ts";
import { readScript } from "../../components/remote/script.ts";
import { LAB_CONDITION } from "../../testing/patience.ts";
import { PROJECT } from "../layout.ts";
import { inside } from "../testing/machines.ts";
import { ask, kubectl, objects, outputs, timing, until } from "../testing/lab.ts";

const PI = "raspberrypi";

interface TraefikPod {
  readonly metadata: { readonly name: string };
  readonly status: { readonly containerStatuses?: readonly { readonly ready: boolean }[] };
}

async function traefikOnPi(): Promise<TraefikPod | undefined> {
  const where = ["-n", "ingress", "-l", "app=traefik", `--field-selector=spec.nodeName=${PI}`];
  return (await objects<TraefikPod>("pods", ...where))[0];
}

async function restartTraefik(): Promise<void> {
  const name = (await traefikOnPi())?.metadata.name ?? "";
  await kubectl("delete", "pod", "-n", "ingress", name, "--wait=false", "--grace-period=1");
}

/** What the program runs on the server at the end of an `up`. */
async function check(seconds: number): Promise<string> {
  const script = readScript(join(PROJECT, "components/k3s/scripts/daemon.sh"));
  const values = { NAMESPACE: "ingress", DAEMONSET: "traefik", SECONDS_LIMIT: String(seconds) };
  const text = render(script, values);
  return inside("MasterNode", `bash -s -- create <<'END_OF_SCRIPT'\n${text}END_OF_SCRIPT`);
}

describe("a program of the Pi's owner that has port 80", () => {
  afterAll(async () => {
    await inside(PI, "systemctl stop owners-program");
    // Its pod would wait for the end of a pause that grew with each failure.
    await restartTraefik();
    await until("Traefik to be back on the Pi", async () =>
      (await traefikOnPi())?.status.containerStatuses?.[0]?.ready === true ? true : undefined,
    );
  });

  it("is told of by node and port, while the other nodes serve the website", async () => {
    // It takes the port in the moment that Traefik leaves it.
    await inside(
      PI,
      "systemd-run --quiet --unit=owners-program --property=Restart=always --property=RestartSec=50ms " +
        "--property=StartLimitIntervalSec=0 socat TCP-LISTEN:80,reuseaddr,fork /dev/null",
    );
    const since = Date.now();
    await restartTraefik();
    await expect(check(LAB_CONDITION / 1000)).rejects.toThrow(
      /traefik cannot start on raspberrypi: port 80 of that machine is taken by another program/,
    );
    timing("until the port's other program is told of", since);
    expect((await ask(outputs().websiteUrl)).status).toBe(200);
  });
});
