import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ComputeManagementClient } from "@azure/arm-compute";
import { NetworkManagementClient } from "@azure/arm-network";
import { ResourceManagementClient } from "@azure/arm-resources";
import { checkProgram, describeFinding } from "@fogline/azure-checks/check";
import { AZURE, publishedType } from "@fogline/azure-checks/models";
import { FREE, PAID } from "@fogline/azure-checks/quota";
import { requestOf } from "@fogline/azure-checks/request";
import { NO_SUBSCRIPTION, type Declaration } from "@fogline/azure-checks/world";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { program } from "../stacks/program.ts";
import { mockEngine, settled, type Registered } from "./engine.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-requests-"));
const sum = "0".repeat(64);
let registered: readonly Registered[] = [];

beforeAll(async () => {
  const sshKey = join(folder, "id_ed25519");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", sshKey]);
  registered = mockEngine({
    operator: { sshKey, folder },
    cloud: {
      sshFrom: ["198.51.100.2/32", "198.51.100.3/32"],
      workers: [{ name: "WorkerNode" }, { name: "WorkerNode2", size: "Standard_B2ps_v2" }],
    },
    edge: [
      {
        name: "raspberrypi",
        arch: "arm64",
        host: "192.0.2.99",
        hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
      },
    ],
    k3s: { version: "v1.36.3+k3s1", sha256: { arm64: sum } },
    website: { image: `docker.io/fogline/website@sha256:${sum}` },
    database: { image: `docker.io/library/postgres:17@sha256:${sum}` },
    ingress: { image: `docker.io/library/traefik:v3.7@sha256:${sum}` },
  });
  await program();
  await settled();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What the program declares on Azure, by the ids that the mock engine gave. */
function declarations(): Declaration[] {
  return registered
    .filter(({ type }) => type.startsWith(AZURE))
    .map(({ type, name, inputs }) => ({ type, name, inputs, id: `${name}-id` }));
}

describe("the program's own declarations", () => {
  it("are refused nowhere", () => {
    expect(declarations().length).toBeGreaterThan(10);
    expect(checkProgram(declarations(), PAID).map(describeFinding)).toEqual([]);
  });

  it("are checked against each other by the engine's ids", () => {
    // Three machines of two cores are more than a free account has.
    expect(checkProgram(declarations(), FREE).map(({ code }) => code)).toEqual([
      "OperationNotAllowed",
    ]);
    const broken = declarations().map((declaration) =>
      declaration.type.endsWith(":NetworkInterface")
        ? { ...declaration, inputs: { ...declaration.inputs, location: "westus3" } }
        : declaration,
    );
    expect(checkProgram(broken).map(({ code }) => code)).toContain("InvalidResourceReference");
  });

  it("reach Azure whole: every declared value is in the request, and nothing else", () => {
    for (const { type, name, inputs } of declarations()) {
      const { request } = requestOf(type, inputs, NO_SUBSCRIPTION);
      const names = publishedType(type)?.names ?? [];
      const given = Object.entries(inputs).filter(([key]) => !names.includes(key));
      expect(leaves(request.body).sort(), name).toEqual(leaves(Object.fromEntries(given)).sort());
      for (const key of names) {
        expect(request.path, name).toContain(`/${String(inputs[key])}`);
      }
    }
  });

  it("make the very requests that Azure's own client makes", async () => {
    const all = declarations();
    const types = new Set(all.map(({ type }) => type));
    expect([...types].filter((type) => !(type in SENDERS))).toEqual([]);
    for (const { type, name, inputs } of all) {
      const { request } = requestOf(type, inputs, NO_SUBSCRIPTION);
      const { body, path, apiVersion } = request;
      expect(await sent(type, inputs), name).toEqual({ path, apiVersion, body });
    }
  });
});

/** Every value at the ends of an object, with the name it has there. */
function leaves(value: unknown, key = ""): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((inner) => leaves(inner, key));
  }
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([inner, each]) => leaves(each, inner))
    : value === undefined
      ? []
      : [`${key}=${JSON.stringify(value)}`];
}

type Fields = Readonly<Record<string, string>>;
type Body = Record<string, unknown>;
interface Sent {
  path?: string;
  apiVersion?: string | null;
  body?: unknown;
}

/** Azure's client sends `properties: {}` along with a reference, which says nothing. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutEmpty);
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([key, inner]) => key !== "properties" || Object.keys(inner as object).length > 0)
          .map(([key, inner]) => [key, withoutEmpty(inner)]),
      )
    : value;
}

/** Azure's clients, whose requests are kept and go nowhere. */
function clients(kept: Sent): {
  compute: ComputeManagementClient;
  network: NetworkManagementClient;
  resources: ResourceManagementClient;
} {
  const credential = {
    getToken: () => Promise.resolve({ token: "none", expiresOnTimestamp: Infinity }),
  };
  const options = {
    httpClient: {
      sendRequest: (request: { url: string; body?: unknown }) => {
        const url = new URL(request.url);
        kept.path = decodeURIComponent(url.pathname).replace(
          "/resourcegroups/",
          "/resourceGroups/",
        );
        kept.apiVersion = url.searchParams.get("api-version");
        kept.body = withoutEmpty(JSON.parse(String(request.body)));
        return Promise.reject(new Error("kept"));
      },
    },
    retryOptions: { maxRetries: 0 },
  };
  return {
    compute: new ComputeManagementClient(credential, NO_SUBSCRIPTION, options),
    network: new NetworkManagementClient(credential, NO_SUBSCRIPTION, options),
    resources: new ResourceManagementClient(credential, NO_SUBSCRIPTION, options),
  };
}

type Send = (azure: ReturnType<typeof clients>, names: Fields, body: never) => Promise<unknown>;

/** How Azure's own clients are asked for each type. */
const SENDERS: Readonly<Record<string, Send>> = {
  "azure-native:resources:ResourceGroup": ({ resources }, { resourceGroupName = "" }, body) =>
    resources.resourceGroups.createOrUpdate(resourceGroupName, body),
  "azure-native:network:VirtualNetwork": ({ network }, names, body) =>
    network.virtualNetworks.beginCreateOrUpdate(...two(names, "virtualNetworkName"), body),
  "azure-native:network:Subnet": ({ network }, names, body) =>
    network.subnets.beginCreateOrUpdate(
      ...two(names, "virtualNetworkName"),
      names["subnetName"] ?? "",
      body,
    ),
  "azure-native:network:NetworkSecurityGroup": ({ network }, names, body) =>
    network.networkSecurityGroups.beginCreateOrUpdate(
      ...two(names, "networkSecurityGroupName"),
      body,
    ),
  "azure-native:network:PublicIPAddress": ({ network }, names, body) =>
    network.publicIPAddresses.beginCreateOrUpdate(...two(names, "publicIpAddressName"), body),
  "azure-native:network:NetworkInterface": ({ network }, names, body) =>
    network.networkInterfaces.beginCreateOrUpdate(...two(names, "networkInterfaceName"), body),
  "azure-native:compute:VirtualMachine": ({ compute }, names, body) =>
    compute.virtualMachines.beginCreateOrUpdate(...two(names, "vmName"), body),
  "azure-native:compute:VirtualMachineExtension": ({ compute }, names, body) => {
    // The client keeps `type` for the resource's own, which every resource has.
    const { type, ...rest } = body as { readonly type: string };
    return compute.virtualMachineExtensions.beginCreateOrUpdate(
      ...two(names, "vmName"),
      names["vmExtensionName"] ?? "",
      { ...rest, typePropertiesType: type },
    );
  },
};

function two(names: Fields, own: string): [string, string] {
  return [names["resourceGroupName"] ?? "", names[own] ?? ""];
}

/** The request that Azure's own client makes of a declaration. */
async function sent(type: string, inputs: Declaration["inputs"]): Promise<Sent> {
  const kept: Sent = {};
  const names = publishedType(type)?.names ?? [];
  const body: Body = Object.fromEntries(
    Object.entries(inputs).filter(([key]) => !names.includes(key)),
  );
  const send = SENDERS[type];
  await expect(send?.(clients(kept), inputs as Fields, body as never)).rejects.toThrow("kept");
  return kept;
}
