/** The cloud's firewall as data (S0-17): what may come in from outside the network, nothing else. */

/** One allowed way in. */
export interface InboundRule {
  readonly name: string;
  /** Azure evaluates rules from the lowest number, 100, upwards. */
  readonly priority: number;
  readonly protocol: "Tcp" | "Udp";
  readonly port: number;
  /** Ranges it is open to; `*` is everyone. */
  readonly from: readonly string[];
}

/**
 * What a role's machines let in. The Kubernetes API, kubelet, VXLAN and etcd stay closed.
 *
 * @param hasApi whether the server's machine serves an overlay's API over HTTPS
 */
export function inboundRules(
  role: "server" | "agent",
  sshFrom: readonly string[],
  wireguardPort: number,
  hasApi = false,
): readonly InboundRule[] {
  const ssh = { name: "ssh", priority: 100, protocol: "Tcp", port: 22, from: sshFrom } as const;
  const open = { protocol: "Tcp", from: ["*"] } as const;
  return role === "server"
    ? [
        ssh,
        {
          name: "wireguard",
          priority: 110,
          protocol: "Udp",
          port: wireguardPort,
          from: ["*"],
        },
        ...(hasApi ? [{ ...open, name: "overlay-api", priority: 120, port: 443 }] : []),
      ]
    : [
        ssh,
        { ...open, name: "http", priority: 120, port: 80 },
        { ...open, name: "https", priority: 130, port: 443 },
      ];
}
