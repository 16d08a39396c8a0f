/**
 * The device at the edge: its host key, confirmed by the person; the operator's key on it; and sudo
 * without a password. Devices of `jump` and `bundle` are prepared as docs/raspberry-pi.md says.
 */
import { readFileSync } from "node:fs";

import type { EdgeDevice } from "../../config/edge.ts";
import { EXAMPLE_HOST_KEY } from "../../config/placeholders.ts";
import { Device, fingerprint, parsePlace, readHostKey, writePlace, type Place } from "../device.ts";
import { CommandError, failed, GuideError } from "../error.ts";
import type { Edit } from "../stack-file.ts";
import type { Site, Step } from "../step.ts";
import { keyPath } from "./key.ts";

/** A device of the stack file that this computer reaches, and where it stands in the list. */
interface Listed {
  readonly n: number;
  readonly name: string;
  readonly place: Place;
  readonly hostKey: string;
}

const NO_DEVICE = "none";
/** How a person reads the fingerprint where nobody can be in between. */
const AT_THE_DEVICE = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub";

export const device: Step = {
  name: "device",
  title: "The device at the edge",
  check: async (site) => {
    const listed = listedDevices(site);
    if (listed.length === 0) {
      return "none that this computer prepares (docs/raspberry-pi.md has the other ways)";
    }
    const isOpen = listed.some(({ hostKey }) => hostKey === EXAMPLE_HOST_KEY);
    if (isOpen || site.ask.given("device") !== undefined) {
      return undefined;
    }
    for (const each of listed) {
      await sameKey(site, each);
      using way = new Device(site.run, each.place, each.hostKey, keyPath(site));
      if ((await stateOf(way)) !== "ready") {
        return undefined;
      }
    }
    return listed
      .map(({ name, place }) => `${name}: ${writePlace(place)} lets the operator in, with sudo`)
      .join("\n");
  },
  action: async (site) => {
    if (site.ask.given("device") === NO_DEVICE) {
      site.file.write([{ section: "edge", path: [], value: [] }]);
      return "none, written to edge";
    }
    const done: string[] = [];
    for (const each of listedDevices(site)) {
      const place = await placeOf(site, each);
      const hostKey = await confirmedKey(site, each, place);
      site.file.write(editsOf(each.n, place, hostKey));
      await prepare(site, place, hostKey);
      done.push(`${each.name}: ${writePlace(place)}, host key ${fingerprint(hostKey)}`);
    }
    return done.join("\n");
  },
};

function listedDevices({ file }: Site): Listed[] {
  const { edge = [] } = file.read().raw;
  const all = Array.isArray(edge) ? (edge as readonly Partial<EdgeDevice & Place>[]) : [];
  return all.flatMap((each, n) => {
    const { name = `edge[${n}]`, reach = "lan", user = "pi", host = "", port = 22 } = each;
    const hostKey = "hostKey" in each ? (each.hostKey ?? EXAMPLE_HOST_KEY) : EXAMPLE_HOST_KEY;
    return reach === "lan" && each.lost !== true
      ? [{ n, name, place: { user, host, port }, hostKey }]
      : [];
  });
}

function editsOf(n: number, { user, host, port }: Place, hostKey: string): Edit[] {
  const fields = {
    host,
    hostKey,
    ...(user === "pi" ? {} : { user }),
    ...(port === 22 ? {} : { port }),
  };
  return Object.entries(fields).map(([name, value]) => ({
    section: "edge",
    path: [n, name],
    value,
  }));
}

async function placeOf({ ask }: Site, { name, place, n }: Listed): Promise<Place> {
  // An option names the first device.
  const answer =
    n > 0 && ask.given("device") !== undefined
      ? writePlace(place)
      : await ask.text(
          "device",
          `${name}: its user and address in this network`,
          writePlace(place),
        );
  const parsed = parsePlace(answer);
  if (parsed === undefined) {
    throw new GuideError(`${answer} does not say where ${name} is`, {
      fixes: ["write user@host or user@host:port, like pi@192.168.1.50"],
    });
  }
  return parsed;
}

/** @throws GuideError when a device has another key than the stack file pins */
async function sameKey({ run }: Site, { name, place, hostKey }: Listed): Promise<string> {
  const found = await readHostKey(run, place);
  if (hostKey !== EXAMPLE_HOST_KEY && found !== hostKey) {
    throw new GuideError(
      `${name} shows another host key than the one that is pinned: ${fingerprint(found)}, not ${fingerprint(hostKey)}`,
      {
        fixes: [
          `compare on the device itself: ${AT_THE_DEVICE}`,
          "if it was installed anew, take its hostKey out of the stack file and run the guide again; otherwise another computer answers at its address",
        ],
      },
    );
  }
  return found;
}

async function confirmedKey(site: Site, listed: Listed, place: Place): Promise<string> {
  const isMoved = place.host !== listed.place.host || place.port !== listed.place.port;
  const hostKey = isMoved
    ? await readHostKey(site.run, place)
    : await sameKey(site, { ...listed, place });
  if (hostKey === listed.hostKey) {
    return hostKey;
  }
  const shown = fingerprint(hostKey);
  const given = site.ask.given("fingerprint");
  if (given === shown) {
    return hostKey;
  }
  if (given !== undefined || !site.ask.isTerminal) {
    throw new GuideError(
      given === undefined
        ? `nobody confirmed the host key of ${listed.name}, ${shown}`
        : `${listed.name} shows the host key ${shown}, not ${given}`,
      {
        fixes: [`read it on the device itself, ${AT_THE_DEVICE}, and give --fingerprint=SHA256:…`],
      },
    );
  }
  site.say(
    `    ${place.host} shows the host key ${shown}\n    On the device itself it is shown by: ${AT_THE_DEVICE}`,
  );
  const answer = await site.ask.text(
    "fingerprint",
    "Is it the same there? yes, or what is shown there",
    "no",
  );
  if (!/^y(es)?$/i.test(answer) && answer !== shown) {
    throw new GuideError(`the host key of ${listed.name} was not confirmed`, {
      fixes: ["another computer may answer at its address: look at its fixed lease in the router"],
    });
  }
  return hostKey;
}

type State = "ready" | "no key" | "no sudo";

/** What of the operator's rights is there. */
async function stateOf(way: Device): Promise<State> {
  try {
    await way.do("true");
  } catch (error) {
    if (error instanceof CommandError && /Permission denied/i.test(error.text)) {
      return "no key";
    }
    throw failed(
      "the login fails",
      error,
      "log in by hand with the same command and put right what it says",
    );
  }
  try {
    await way.do("sudo -n true");
    return "ready";
  } catch (error) {
    if (error instanceof CommandError) {
      return "no sudo";
    }
    throw error;
  }
}

async function prepare(site: Site, place: Place, hostKey: string): Promise<void> {
  using way = new Device(site.run, place, hostKey, keyPath(site));
  const steps: readonly {
    readonly missing: State;
    readonly what: string;
    readonly line: string;
  }[] = [
    { missing: "no key", what: "put your public key on it", line: admitLine(site) },
    {
      missing: "no sudo",
      what: "let its user run sudo without a password",
      line: sudoersLine(place),
    },
  ];
  let found = await stateOf(way);
  for (const { missing, what, line } of steps) {
    if (found !== missing) {
      continue;
    }
    const fixes = [`on the device, ${what}: ${line}`];
    if (!site.ask.isTerminal) {
      throw new GuideError(`${writePlace(place)} is not prepared`, { fixes });
    }
    site.say(`    To ${what}, this runs there:\n      ${line}`);
    if (!(await site.ask.agrees("Run it now? The device may ask for its user's password"))) {
      throw new GuideError(`${writePlace(place)} is not prepared`, { fixes });
    }
    try {
      await way.doAsPerson(line);
    } catch (error) {
      throw failed("the device refused it", error, ...fixes);
    }
    found = await stateOf(way);
    if (found === missing) {
      throw new GuideError("the device ran it, and nothing changed", { fixes });
    }
  }
}

/** Adds the operator's public key, once. */
function admitLine(site: Site): string {
  const [type = "", base64 = ""] = readFileSync(`${keyPath(site)}.pub`, "utf8")
    .trim()
    .split(/\s+/);
  const line = `${type} ${base64} fogline`;
  const file = "~/.ssh/authorized_keys";
  return `umask 077; mkdir -p ~/.ssh; grep -qsF '${base64}' ${file} || echo '${line}' >>${file}`;
}

/** A file of sudo's own kind, checked before it counts; the user's name was checked by `parsePlace`. */
function sudoersLine({ user }: Place): string {
  const draft = "/etc/sudoers.d/.fogline.new";
  const parts = [
    `umask 227; echo "${user} ALL=(ALL) NOPASSWD: ALL" >${draft}`,
    `visudo -cqf ${draft}`,
    `mv ${draft} /etc/sudoers.d/fogline-operator`,
  ];
  return `sudo sh -c '${parts.join(" && ")}'`;
}
