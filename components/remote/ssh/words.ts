/** Why a machine's SSH cannot be used, and what to do about it: pure. */
import type { Failure, FailureKind } from "./visit.ts";

/** The machine that was looked at. */
export interface Place {
  readonly machine: string;
  readonly tier: "cloud" | "edge";
}

type Cure = (place: Place, failure: Failure) => string;

const CURES: Readonly<Record<FailureKind, Cure>> = {
  unresolved: (_, { end }) =>
    `no name server knows ${end.host}. Write its address instead, and give it a fixed one in the router`,
  refused: ({ tier }) =>
    "nothing listens there. " +
    (tier === "cloud"
      ? "If it is still booting, run up again"
      : "Turn its SSH server on (sudo systemctl enable --now ssh), or correct host and port in fogline:edge"),
  unreachable: ({ tier }, { detail }) =>
    `${detail}. ` +
    (tier === "cloud"
      ? "Is this computer's address, as the internet sees it, in fogline:cloud.sshFrom? Is the machine on?"
      : "Is it on, and connected? Is host in fogline:edge still its address, and does this computer reach it?"),
  silent: (_, { detail }) =>
    `it takes the connection, but its SSH server says nothing (${detail}). Restart its SSH server, or ` +
    "the machine; a port forwarding on the way does the same when nothing is behind it",
  "host-key": ({ tier }, { keys, atProxy }) =>
    `it shows the host key ${keys?.shown ?? ""}, not the pinned ${keys?.pinned ?? ""}. Either it was ` +
    "made anew, or another machine answers in its place. " +
    (tier === "cloud"
      ? "Its key was read over the cloud's own channel: do not go on before you know who answers"
      : "Compare on its own screen: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub. If that is the " +
        `key shown, put it into ${atProxy ? "jump.hostKey" : "hostKey"} in fogline:edge`),
  "host-key-kind": (_, { detail }) =>
    `it has no host key of the pinned one's kind (${detail}). Make one there (sudo ssh-keygen -A) and pin it`,
  key: (_, { detail }) =>
    `the private key of fogline:operator.sshKey cannot be used (${detail}). Name one that ` +
    "ssh-keygen -t ed25519 made",
  login: (_, { end }) =>
    `it refuses the login as ${end.user ?? "root"} with the key of fogline:operator.sshKey. Put its ` +
    `public half into ~/.ssh/authorized_keys of ${end.user ?? "root"} there: ssh-copy-id -f -i <key>.pub ` +
    `-p ${end.port ?? 22} ${end.user ?? "root"}@${end.host}`,
  shell: (_, { end, detail }) =>
    `it takes the login, but the login shell of ${end.user ?? "root"} runs no command (${detail}). Look ` +
    "for exit, exec and questions in its ~/.bashrc and ~/.profile, and for ForceCommand in sshd_config",
  forward: (_, { detail }) =>
    `the jump host does not open the way to it (${detail}). Does it reach the machine? Does its ` +
    "sshd_config forbid it (AllowTcpForwarding, PermitOpen)?",
  other: (_, { detail }) => detail,
};

/** One sentence and the cure, with the machine and its address before them. */
export function explain(place: Place, failure: Failure): string {
  const { host, port = 22 } = failure.end;
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const who = failure.atProxy ? `the jump host of ${place.machine}` : place.machine;
  return `SSH of ${who} at ${where}: ${CURES[failure.kind](place, failure)}`;
}
