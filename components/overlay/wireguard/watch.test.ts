import { afterEach, beforeEach, expect, it } from "vitest";

import { FakeMachine } from "../../k3s/testing/machine.ts";
import { MEMBER_SCRIPT } from "./scripts.ts";
import { watchValues } from "./watch.ts";

const CONF = `[Interface]\nPrivateKey = @PRIVATE_KEY@\nAddress = 10.101.2.9/16\n`;
const UNITS = "etc/systemd/system/fogline-overlay-watch";
let member: FakeMachine;

beforeEach(() => {
  member = new FakeMachine();
  member.write("etc/wireguard/fogline0.key", `${"A".repeat(43)}=\n`);
  // Its systemd starts whatever unit by this program.
  member.write("usr/local/lib/fogline/k3s-inputs", "#!/bin/sh\n", 0o755);
  member.command(
    "wg",
    'case $1 in show) echo "key 1" ;; setconf) echo "Unable to modify interface: No such device" ;; esac',
  );
  for (const name of ["ip", "ping"]) {
    member.command(name, "");
  }
});

afterEach(() => {
  member.remove();
});

function join(): ReturnType<FakeMachine["run"]> {
  return member.run(MEMBER_SCRIPT, "update", {
    ...{ NODE: "attic", HUB: "10.101.0.1", MTU: "1420", FORWARD: "no", NAMES: "", CONF },
    ...watchValues(),
  });
}

it("the tunnel of a member that dials is looked after, and a second run changes nothing", async () => {
  expect(await join()).toMatchObject({ code: 0 });
  const { WATCH, WATCH_SERVICE, WATCH_TIMER } = watchValues();
  expect(member.read("usr/local/sbin/fogline-overlay-watch")).toBe(WATCH);
  expect(member.read(`${UNITS}.service`)).toBe(
    WATCH_SERVICE?.replaceAll("/usr/", `${member.root}/usr/`),
  );
  expect(member.read(`${UNITS}.timer`)).toBe(WATCH_TIMER);
  const before = member.snapshot();
  member.calls();
  expect(await join()).toMatchObject({ code: 0 });
  expect(member.snapshot()).toBe(before);
  expect(member.starts()).toBe(0);
});

it("its units are these", () => {
  const { WATCH_SERVICE, WATCH_TIMER } = watchValues();
  expect([WATCH_SERVICE, WATCH_TIMER]).toMatchSnapshot();
});
