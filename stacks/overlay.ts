/** The overlay of the kind that the settings name. */
import * as pulumi from "@pulumi/pulumi";

import type { Overlay } from "../components/overlay/member.ts";
import { NetmakerOverlay } from "../components/overlay/netmaker/overlay.ts";
import { refuseSharedRange } from "../components/overlay/operator.ts";
import { WireguardOverlay } from "../components/overlay/wireguard/overlay.ts";
import { timersOf } from "../config/failover.ts";
import type { Settings } from "../config/schema.ts";
import type { Machines } from "./machines.ts";

/** Joins the machines; nothing that uses the overlay depends on its kind. */
export function overlayOf(settings: Settings, machines: Machines): Overlay {
  const { server, workers, devices, network } = machines;
  const operatorFolder = settings.operator.folder;
  const { kind, range, listenPort, pathMtu } = settings.overlay;
  refuseSharedRange(operatorFolder, pulumi.getStack(), range);
  switch (kind) {
    case "wireguard":
      return new WireguardOverlay("overlay", {
        settings: settings.overlay,
        timers: timersOf(settings.failover),
        server,
        agents: [...workers, ...devices],
        operatorFolder,
      });
    case "netmaker":
      return new NetmakerOverlay("overlay", {
        settings: settings.netmaker,
        range,
        listenPort,
        pathMtu,
        server,
        workers,
        devices,
        cloudRange: settings.cloud.network,
        route: network.routeThrough("overlay-route", range, server.privateAddress),
        operatorFolder,
      });
  }
}
