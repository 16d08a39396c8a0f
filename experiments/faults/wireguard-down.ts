/**
 * A tunnel that is gone while its machine runs on: a unit that was stopped, an upgrade of WireGuard, a key that was
 * taken away. The interface goes, and with it all routes into the overlay and flannel's VXLAN interface: K3s has to
 * make the pods' network anew when the tunnel is back.
 *
 * What brings the interface up is stopped: `wg-quick`'s units, and Netmaker's `netclient`. An interface that outlives
 * it is deleted. Which units they were is noted on the machine, where a reboot forgets it and starts them.
 */
import type { WireguardDown } from "../model.ts";
import type { FaultKind } from "./index.ts";
import { endsItself, endsNoMore, script, undoing } from "./network/script.ts";

const NOTE = "/run/fogline-wireguard-down";
const TIMER = "fogline-wireguard-up";

export const wireguardDown: FaultKind<WireguardDown> = {
  describe: ({ machine }) => `takes WireGuard's interface of ${machine} away`,
  subject: ({ machine }) => machine.toLowerCase(),
  inject: async (site, { machine }) => {
    await site.onMachine(machine, DOWN);
  },
  recover: async (site, { machine }) => {
    await site.onMachine(machine, UP);
  },
};

const START = `xargs -r systemctl start <${NOTE}; rm ${NOTE}`;

const DOWN = script(
  ["wg", "ip", "systemd-run"],
  // Asked for twice, the second would note that nothing runs.
  `if [ -e ${NOTE} ]; then exit 0; fi`,
  "interfaces=$(wg show interfaces)",
  "units=$(systemctl list-units --plain --no-legend --state=active 'wg-quick@*.service' netclient.service | awk '{ print $1 }')",
  'if [ -z "$interfaces" ] || [ -z "$units" ]; then',
  '  echo "no WireGuard interface that systemd brought up (wg-quick or netclient): nothing could bring it back" >&2',
  "  exit 1",
  "fi",
  `echo "$units" >${NOTE}`,
  endsNoMore(TIMER),
  endsItself(TIMER, START),
  "systemctl stop $units",
  "for interface in $interfaces; do",
  '  if ip link show "$interface" >/dev/null 2>&1; then ip link delete "$interface"; fi',
  "done",
);

const UP = undoing("wg", endsNoMore(TIMER), `if [ -e ${NOTE} ]; then ${START}; fi`);
