/** The stack's ranges and addresses. */
import { at, listAt, textAt } from "../policy/values.ts";
import type { Snapshot } from "./snapshot.ts";

export interface Addresses {
  /** What each range is for. */
  readonly ranges: readonly { readonly what: string; readonly range: string }[];
  /** Members of the overlay, hub first. */
  readonly overlay: readonly { readonly name: string; readonly address: string }[];
  /** Resources that Azure will give a public address. */
  readonly publicAddresses: readonly string[];
}

const RANGES = [
  ["cloud network", "cloud.network"],
  ["machines' subnet", "cloud.subnet"],
  ["overlay", "overlay.range"],
  ["pods", "k3s.podRange"],
  ["services", "k3s.serviceRange"],
] as const;

/** Reads ranges from the settings, members of the overlay from the program's outputs. */
export function addressesOf({ settings, outputs, resources }: Snapshot): Addresses {
  return {
    ranges: RANGES.flatMap(([what, path]) => {
      const range = textAt(settings, path);
      return range === undefined ? [] : [{ what, range }];
    }),
    overlay: listAt(outputs, "overlay").map((member) => ({
      name: String(at(member, "name")),
      address: String(at(member, "address")),
    })),
    publicAddresses: resources
      .filter(({ type }) => type === "azure-native:network:PublicIPAddress")
      .map(({ name, inputs }) => textAt(inputs, "publicIpAddressName") ?? name),
  };
}
