/**
 * What K3s is told of image registries, as its documentation has it (docs.k3s.io, "Private Registry
 * Configuration"): pure. K3s reads `registries.yaml` at its start alone, and containerd its logins; the file of a
 * certificate authority is read by containerd at each pull (containerd's docs/hosts.md).
 */
import { Scalar, stringify } from "yaml";

import type { Settings } from "../../config/schema.ts";

/** Where the files of certificate authorities lie; `registries.sh` has it as well. */
const AUTHORITIES = "/etc/rancher/k3s/registries";

/** The registry that images without a registry's name are of. */
const DOCKER_HUB = "docker.io";
/** The host that it is asked at; K3s before v1.33.3 and v1.32.7 finds a login by this name alone (k3s-io/k3s#12561). */
const DOCKER_HUB_HOST = "registry-1.docker.io";

/** What of the settings is about registries. */
export type RegistrySettings = Pick<Settings["k3s"], "mirrors" | "registries">;

/**
 * `registries.yaml`, or nothing where no registry has a mirror, a login or an authority.
 *
 * @param passwords by registry; secret, and so is what is returned
 */
export function registriesConfig(
  { mirrors, registries }: RegistrySettings,
  passwords: Readonly<Record<string, string>> = {},
): string {
  const endpoints = Object.entries(mirrors).map(([registry, endpoint]) => [registry, { endpoint }]);
  const configs = Object.entries(registries).flatMap(([registry, { username, ca }]) => {
    const password = passwords[registry];
    const config = {
      ...(username === undefined || password === undefined
        ? {}
        : { auth: { username: quoted(username), password: quoted(password) } }),
      ...(ca === undefined ? {} : { tls: { ca_file: fileOf(registry) } }),
    };
    const names = registry === DOCKER_HUB ? [DOCKER_HUB, DOCKER_HUB_HOST] : [registry];
    return names.map((name) => [name, config] as const);
  });
  if (endpoints.length === 0 && configs.length === 0) {
    return "";
  }
  const content = {
    ...(endpoints.length === 0 ? {} : { mirrors: Object.fromEntries(endpoints) as unknown }),
    ...(configs.length === 0 ? {} : { configs: Object.fromEntries(configs) as unknown }),
  };
  // No anchors: Docker Hub's login stands there twice. No folding: a password is one line.
  return stringify(content, {
    sortMapEntries: true,
    aliasDuplicateObjects: false,
    lineWidth: 0,
  });
}

/** A line for each certificate authority: the name of its file, and its text in base64. */
export function authorityLines({ registries }: RegistrySettings): string {
  return Object.entries(registries)
    .flatMap(([registry, { ca }]) =>
      ca === undefined
        ? []
        : [`${nameOf(registry)} ${Buffer.from(`${ca.trim()}\n`).toString("base64")}\n`],
    )
    .sort()
    .join("");
}

/** A text that no YAML parser takes for a number, a date or nothing. */
function quoted(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

function fileOf(registry: string): string {
  return `${AUTHORITIES}/${nameOf(registry)}`;
}

/** No registry's name has an underscore. */
function nameOf(registry: string): string {
  return `${registry.replace(":", "_")}.pem`;
}
