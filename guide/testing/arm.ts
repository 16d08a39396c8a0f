/**
 * A loopback endpoint that takes the place of Azure Resource Manager and of Microsoft Entra ID for the
 * official `az`. It answers what the guide asks and refuses everything else with 404. Answers are made
 * up; their shapes and codes follow "Azure REST API reference" (Subscriptions - List, Providers - Get and
 * Register, Virtual Machine Images - Get and List, Resource Skus - List, Usage - List, Virtual Machines -
 * List All), and "OpenID Connect on the Microsoft identity platform" with "client credentials flow".
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const TENANT = "11111111-1111-1111-1111-111111111111";
export const SUBSCRIPTION = "22222222-2222-2222-2222-222222222222";
export const OTHER_SUBSCRIPTION = "44444444-4444-4444-4444-444444444444";
/** Versions of Debian's image for arm64; the first is the one that settings pin. */
export const VERSIONS = ["0.20260914.2601", "0.20261012.2630"];

/** What the subscription has. */
export interface Cloud {
  subscriptions: { id: string; name: string; state: string }[];
  /** State of each resource provider by namespace. */
  registrations: Record<string, string>;
  /** Looks after which a provider that registers is registered; Infinity for never. */
  looks: number;
  /** Whether the account may register providers. */
  mayRegister: boolean;
  versions: string[];
  skus: object[];
  /** Used cores and limit by name of the quota. */
  usage: Record<string, readonly [used: number, limit: number]>;
  machines: { name: string; resourceGroup: string; size: string }[];
}

/** A size as "Resource Skus - List" has it. */
export function sku(
  name: string,
  family: string,
  options: { readonly zones?: string[]; readonly restrictions?: object[] } = {},
): object {
  const { zones = ["1", "2", "3"], restrictions = [] } = options;
  return {
    resourceType: "virtualMachines",
    name,
    tier: "Standard",
    size: name.replace("Standard_", ""),
    family,
    locations: ["eastus"],
    locationInfo: [{ location: "eastus", zones, zoneDetails: [] }],
    capabilities: [{ name: "vCPUs", value: "2" }],
    restrictions,
  };
}

/** Not for this subscription, in the whole region. */
export const NOT_AVAILABLE = {
  type: "Location",
  values: ["eastus"],
  restrictionInfo: { locations: ["eastus"] },
  reasonCode: "NotAvailableForSubscription",
};

/** A subscription of a paying customer in which everything is right. */
export function ready(): Cloud {
  return {
    subscriptions: [{ id: SUBSCRIPTION, name: "Pay as you go", state: "Enabled" }],
    registrations: { "Microsoft.Network": "Registered", "Microsoft.Compute": "Registered" },
    looks: 1,
    mayRegister: true,
    versions: [...VERSIONS],
    skus: [
      sku("Standard_B2pls_v2", "standardBpsv2Family"),
      sku("Standard_B2ps_v2", "standardBpsv2Family"),
      sku("Standard_D2ps_v5", "standardDPSv5Family"),
    ],
    usage: { cores: [0, 20], standardBpsv2Family: [0, 20], standardDPSv5Family: [0, 20] },
    machines: [],
  };
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const MISSING: Refusal = { status: 404, code: "NotFound", message: "The resource was not found." };

/** One path, and what is answered. */
type Route = readonly [pattern: RegExp, answer: (groups: string[]) => object | Refusal];

export class Arm implements AsyncDisposable {
  readonly cloud = ready();
  /** Requests of the control plane: method and path. */
  readonly requests: string[] = [];
  private readonly looks = new Map<string, number>();

  private constructor(
    private readonly folder: string,
    private readonly server: Server,
  ) {}

  static async listen(): Promise<Arm> {
    const folder = mkdtempSync(join(tmpdir(), "fogline-arm-"));
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    execFileSync(
      "openssl",
      ["req", "-x509", ...kind, "-keyout", key, "-out", certificate, "-days", "2", ...name],
      { stdio: "ignore" },
    );
    const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) });
    const arm = new Arm(folder, server);
    server.on("request", (request, response) => {
      arm.answer(request, response);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    return arm;
  }

  /** File of the certificate that its clients have to trust. */
  get certificate(): string {
    return join(this.folder, "cert.pem");
  }

  get url(): string {
    return `https://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
    rmSync(this.folder, { recursive: true, force: true });
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const { pathname } = new URL(request.url ?? "/", this.url);
    const found = this.routes(`${request.method ?? ""} ${pathname}`);
    const isRefused = "status" in found;
    response.writeHead(isRefused ? found.status : 200, { "content-type": "application/json" });
    response.end(
      JSON.stringify(isRefused ? { error: { code: found.code, message: found.message } } : found),
    );
  }

  private routes(request: string): object | Refusal {
    const ours = `/subscriptions/[^/]+/providers`;
    const compute = `${ours}/Microsoft\\.Compute`;
    const images = `${compute}/locations/[^/]+/publishers`;
    const { cloud } = this;
    const table: Route[] = [
      [/^GET .*\/openid-configuration$/, () => this.openId()],
      [/^POST .*\/token$/, () => this.token()],
      [/^GET \/subscriptions$/, () => ({ value: cloud.subscriptions.map(described) })],
      [/^GET \/tenants$/, () => ({ value: [{ id: `/tenants/${TENANT}`, tenantId: TENANT }] })],
      [new RegExp(`^GET ${ours}/([^/]+)$`), ([name = ""]) => this.registration(name)],
      [new RegExp(`^POST ${ours}/([^/]+)/register$`), ([name = ""]) => this.register(name)],
      [new RegExp(`^GET ${compute}/skus$`), () => ({ value: cloud.skus })],
      [new RegExp(`^GET ${compute}/locations/[^/]+/usages$`), () => ({ value: this.usage() })],
      [new RegExp(`^GET ${compute}/virtualMachines$`), () => ({ value: this.machines() })],
      [new RegExp(`^GET ${images}/.*/versions/([^/]+)$`), ([name = ""]) => this.image(name)],
      [new RegExp(`^GET ${images}/.*/versions$`), () => cloud.versions.map(named)],
      [new RegExp(`^GET ${images}/.*/skus$`), () => ["13-arm64"].map(named)],
      [new RegExp(`^GET ${images}/.*/offers$`), () => ["debian-13"].map(named)],
      [new RegExp(`^GET ${images}$`), () => ["Debian"].map(named)],
    ];
    if (!/openid|token/.test(request)) {
      this.requests.push(request);
    }
    for (const [pattern, answer] of table) {
      const groups = pattern.exec(request);
      if (groups !== null) {
        return answer(groups.slice(1));
      }
    }
    return MISSING;
  }

  private registration(namespace: string): object {
    const { registrations, looks } = this.cloud;
    const seen = (this.looks.get(namespace) ?? 0) + 1;
    this.looks.set(namespace, seen);
    if (registrations[namespace] === "Registering" && seen > looks) {
      registrations[namespace] = "Registered";
    }
    return { namespace, registrationState: registrations[namespace] ?? "NotRegistered" };
  }

  private register(namespace: string): object | Refusal {
    if (!this.cloud.mayRegister) {
      const action = `${namespace}/register/action`;
      return {
        status: 403,
        code: "AuthorizationFailed",
        message: `The client 'guide' with object id 'x' does not have authorization to perform action '${action}' over scope '/subscriptions/${SUBSCRIPTION}' or the scope is invalid.`,
      };
    }
    this.looks.set(namespace, 0);
    this.cloud.registrations[namespace] = "Registering";
    return this.registration(namespace);
  }

  private image(version: string): object | Refusal {
    return this.cloud.versions.includes(version)
      ? { location: "eastus", name: version, properties: { hyperVGeneration: "V2" } }
      : {
          ...MISSING,
          code: "ImageVersionNotFound",
          message: `VM image version ${version} was not found.`,
        };
  }

  private usage(): object[] {
    return Object.entries(this.cloud.usage).map(([value, [currentValue, limit]]) => ({
      unit: "Count",
      currentValue,
      limit,
      name: { value, localizedValue: value === "cores" ? "Total Regional vCPUs" : value },
    }));
  }

  private machines(): object[] {
    return this.cloud.machines.map(({ name, resourceGroup, size }) => ({
      id: `/subscriptions/${SUBSCRIPTION}/resourceGroups/${resourceGroup}/providers/Microsoft.Compute/virtualMachines/${name}`,
      name,
      type: "Microsoft.Compute/virtualMachines",
      location: "eastus",
      properties: { hardwareProfile: { vmSize: size }, provisioningState: "Succeeded" },
    }));
  }

  private openId(): object {
    const at = (path: string): string => `${this.url}/${TENANT}/${path}`;
    return {
      issuer: at("v2.0"),
      authorization_endpoint: at("oauth2/v2.0/authorize"),
      token_endpoint: at("oauth2/v2.0/token"),
      device_authorization_endpoint: at("oauth2/v2.0/devicecode"),
      jwks_uri: at("discovery/v2.0/keys"),
    };
  }

  private token(): object {
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString("base64url");
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const claims = { aud: this.url, exp, oid: "guide", tid: TENANT };
    const access_token = `${part({ alg: "none" })}.${part(claims)}.x`;
    return { token_type: "Bearer", expires_in: 3600, ext_expires_in: 3600, access_token };
  }
}

function described({ id, name, state }: Cloud["subscriptions"][number]): object {
  const subscription = { id: `/subscriptions/${id}`, subscriptionId: id, displayName: name };
  return { ...subscription, state, tenantId: TENANT };
}

function named(name: string): object {
  return { location: "eastus", name, id: `/made/up/${name}` };
}
