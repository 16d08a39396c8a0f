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
 * @param apiFrom ranges that may reach the overlay's API (HTTPS) on the server, where it has one
 */
export function inboundRules(
  role: "server" | "agent",
  sshFrom: readonly string[],
  wireguardPort: number,
  apiFrom: readonly string[] = [],
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
        ...(apiFrom.length === 0
          ? []
          : [
              {
                name: "overlay-api",
                priority: 120,
                protocol: "Tcp",
                port: 443,
                from: apiFrom,
              } as const,
            ]),
      ]
    : [
        ssh,
        { ...open, name: "http", priority: 120, port: 80 },
        { ...open, name: "https", priority: 130, port: 443 },
      ];
}
