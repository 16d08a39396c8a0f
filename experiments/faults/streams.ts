/** Background load: TCP streams from where visitors are to a machine, as fast as they go. */
import type { Fault } from "../model.ts";
import type { Following, Site } from "../site.ts";
import type { FaultKind } from "./index.ts";

const PORT = 5201;
const UNIT = "fogline-experiment-streams";
/** Longest that iperf3 can be told to send, seconds: it is ended before. */
const LONGEST = 86_400;

/** Starts iperf3's server, done when it listens. */
const SERVE = `
command -v iperf3 >/dev/null || { echo "iperf3 is missing: apt-get install iperf3" >&2; exit 1; }
systemctl is-active --quiet ${UNIT} || systemd-run --quiet --collect --unit=${UNIT} iperf3 --server --port ${PORT}
for i in {1..100}; do
  [ -z "$(ss -Hltn 'sport = :${PORT}')" ] || exit 0
  sleep 0.1
done
echo "iperf3 does not listen on port ${PORT}" >&2
exit 1`;
const END = `if systemctl is-active --quiet ${UNIT}; then systemctl stop ${UNIT}; fi`;

/** Clients that send, by their site: what a fault began, its end ends. */
const clients = new WeakMap<Site, Following>();

async function stop(site: Site): Promise<void> {
  const client = clients.get(site);
  clients.delete(site);
  await client?.[Symbol.asyncDispose]();
}

export const streams: FaultKind<Extract<Fault, { kind: "streams" }>> = {
  describe: ({ machine, streams: n, bufferBytes }) =>
    `sends ${n} TCP streams to ${machine}, ${bufferBytes} bytes at once (iperf3)`,
  // Nothing of the cluster has a fault: no node's name.
  subject: () => "streams",
  inject: async (site, { machine, streams: n, bufferBytes }) => {
    await stop(site);
    const address = await site.addressOf(machine);
    await site.onMachine(machine, SERVE);
    // Behind the load generator where both want a core: what is slow must be the server, not who asks it.
    const client = site.visit(
      ...[
        "nice",
        "-n",
        "19",
        "stdbuf",
        "--output=L",
        "iperf3",
        "--client",
        address,
        "--port",
        String(PORT),
      ],
      ...["--parallel", String(n), "--length", String(bufferBytes)],
      ...["--time", String(LONGEST), "--interval", "0"],
    );
    clients.set(site, client);
    // Not a loop over the lines: leaving it would wait for the client's end.
    const lines = client.lines[Symbol.asyncIterator]();
    for (let connected = 0; connected < n;) {
      const line: IteratorResult<string, unknown> = await lines.next();
      if (line.done === true) {
        await stop(site);
        throw new Error(
          `iperf3 ended when ${connected} of ${n} streams to ${machine} (${address}:${PORT}) stood. ` +
            "fix: see that it is installed where visitors are (apt-get install iperf3), and that nothing refuses the port",
        );
      }
      connected += line.value.includes(" connected to ") ? 1 : 0;
    }
  },
  recover: async (site, { machine }) => {
    await stop(site);
    await site.onMachine(machine, END);
  },
};
