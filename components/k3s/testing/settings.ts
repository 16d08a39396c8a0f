/** K3s' section of a stack's settings, as tests want one. */
import type { Settings } from "../../../config/schema.ts";

export const SETTINGS: Settings["k3s"] = {
  version: "v1.36.3+k3s1",
  sha256: {},
  download: "https://example.test/{version}/k3s{suffix}",
  mirrors: {},
  secretsEncryption: "new",
  registries: {},
  podRange: "10.42.0.0/16",
  serviceRange: "10.43.0.0/16",
  flannelBackend: "vxlan",
};
