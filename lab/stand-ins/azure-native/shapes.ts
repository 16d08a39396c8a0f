/** The nested inputs that the stand-in reads, once they are checked. */

export interface Reference {
  readonly id: string;
}

export interface VnetInputs {
  readonly addressSpace: { readonly addressPrefixes: readonly string[] };
}

export interface SubnetInputs {
  readonly addressPrefix: string;
  readonly routeTable?: Reference;
}

export interface RouteInputs {
  readonly addressPrefix: string;
  /** Only `VirtualAppliance` is supported. */
  readonly nextHopType: string;
  readonly nextHopIpAddress?: string;
}

export interface SecurityRule {
  readonly name: string;
  readonly priority: number;
  /** `Allow` or `Deny`; Azure compares without regard to case. */
  readonly access: string;
  /** `Tcp`, `Udp`, `Icmp` or `*`. */
  readonly protocol: string;
  readonly sourceAddressPrefix?: string;
  readonly sourceAddressPrefixes?: readonly string[];
  readonly destinationPortRange?: string;
  readonly destinationPortRanges?: readonly string[];
}

export interface RulesInputs {
  readonly securityRules?: readonly SecurityRule[];
}

export interface NicInputs {
  /** Whether it takes and sends what is addressed to and from others. */
  readonly enableIPForwarding?: boolean;
  readonly networkSecurityGroup?: Reference;
  readonly ipConfigurations: readonly {
    readonly name: string;
    readonly subnet: Reference;
    readonly publicIPAddress?: Reference;
  }[];
}

export interface MachineInputs {
  readonly vmName: string;
  readonly hardwareProfile: { readonly vmSize: string };
  readonly networkProfile: { readonly networkInterfaces: readonly Reference[] };
  readonly osProfile: {
    readonly computerName: string;
    readonly adminUsername: string;
    readonly linuxConfiguration?: {
      readonly disablePasswordAuthentication?: boolean;
      readonly ssh?: { readonly publicKeys?: readonly { readonly keyData: string }[] };
    };
  };
}

export interface ExtensionInputs {
  readonly vmName: string;
  readonly vmExtensionName: string;
  readonly publisher: string;
  readonly type: string;
  readonly settings: { readonly commandToExecute: string };
}
