/** The section `cloud`: what is made in Azure, how large, and what it may cost. */
import { RESERVED_NAMES } from "@fogline/azure-checks/administrators";
import { parseCidr } from "@fogline/azure-checks/cidr";
import { z } from "zod";

import { cidr, count } from "./fields.ts";
import { DNS_LABEL_LENGTH, RESOURCE_GROUP_LENGTH } from "./names.ts";
import { MOST_TAGS, RESERVED_TAGS, TAG_NAME_LENGTH, TAG_VALUE_LENGTH } from "./tags.ts";

/** 63, not Azure's 64 characters: the lower-cased name is the node's, a DNS label. */
const MACHINE_NAME = new RegExp(
  `^[A-Za-z0-9]([A-Za-z0-9-]{0,${DNS_LABEL_LENGTH - 2}}[A-Za-z0-9])?$`,
);
const machineName = z.string().regex(MACHINE_NAME, {
  error:
    "must be 1-63 letters, digits or hyphens: it is the machine's name in Azure and, lower-cased, the node's|choose a name like WorkerNode",
});
const GROUP_NAME = new RegExp(`^[\\w().-]{0,${RESOURCE_GROUP_LENGTH - 1}}[\\w()-]$`);
const groupName = z.string().regex(GROUP_NAME, {
  error:
    "must be 1-90 letters, digits, or _ ( ) . - and not end in a period, as Azure asks of a resource group|choose a name like CloudStep",
});
const size = z
  .string()
  .regex(/^(Standard|Basic)_[A-Za-z]\w*(-\w+)*$/i, {
    error: "must be a size of Azure|write it like Standard_B2pls_v2",
  })
  .default("Standard_B2pls_v2");
const REGION = "must be a region of Azure, by its short name|write it like eastus";
const zone = z
  .enum(["1", "2", "3"], { error: 'must be "1", "2" or "3"|name one of the region\'s zones' })
  .optional();

/** Kinds of managed disks that a Linux machine can boot from. */
export const DISK_KINDS = ["Standard_LRS", "StandardSSD_LRS", "Premium_LRS"] as const;

/** The machine's disk. */
const disk = z.strictObject({
  kind: z
    .enum(DISK_KINDS, { error: `must be a kind of disk|use one of ${DISK_KINDS.join(", ")}` })
    .default("StandardSSD_LRS"),
  /** GiB; the image's own size, 30, unless given. */
  sizeGiB: count(30, 4095).optional(),
});

const machine = {
  size,
  /** Availability zone; the region's choice unless given. */
  zone,
  /** This machine's disk where it differs from `cloud.disk`. */
  disk: disk.optional(),
};

const tags = z
  .record(
    z
      .string()
      .regex(new RegExp(`^[^<>%&\\\\?/]{1,${TAG_NAME_LENGTH}}$`), {
        error: "must have a name of 1-512 characters without < > % & \\ ? /|rename the tag",
      })
      .refine((name) => !RESERVED_TAGS.test(name), {
        error: "must not begin with microsoft, azure or windows, nor be project or stack|rename it",
      }),
    z.string().max(TAG_VALUE_LENGTH, {
      error: `must be ${TAG_VALUE_LENGTH} characters or less|shorten the value`,
    }),
  )
  .refine((given) => Object.keys(given).length <= MOST_TAGS, {
    error: `must be ${MOST_TAGS} tags or fewer, as Azure takes 50 with project and stack|remove some`,
  })
  .refine(
    (given) =>
      new Set(Object.keys(given).map((name) => name.toLowerCase())).size ===
      Object.keys(given).length,
    {
      error:
        "must differ in more than case: Azure does not regard the case of a tag's name|rename one",
    },
  )
  .default({});

export const cloud = z.strictObject({
  resourceGroup: groupName
    .default("CloudStep")
    .describe("resource group of everything in the cloud"),
  location: z
    .string({ error: REGION })
    .regex(/^[a-z]+\d*$/, { error: REGION })
    .default("eastus")
    .describe("Azure region, as `az account list-locations` names it"),
  network: cidr.default("10.10.0.0/16").describe("range of the virtual network"),
  subnet: cidr.default("10.10.1.0/24").describe("range of the machines, inside `network`"),
  adminUser: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, {
      error: "must be a Linux user name|choose a name like fogline",
    })
    .refine((name) => !RESERVED_NAMES.has(name), {
      error: "must not be a name that Azure reserves|choose a name like fogline",
    })
    .default("fogline")
    .describe("administrator of every machine, who logs in by SSH key alone"),
  sshFrom: z
    .array(
      cidr.refine((value) => parseCidr(value)?.bits !== 0, {
        error:
          "must not open SSH to the whole internet|name the operator's address, e.g. 203.0.113.7/32",
      }),
      { error: "must be a list of ranges|name the operator's address, e.g. [203.0.113.7/32]" },
    )
    .min(1, {
      error: "must name who may reach SSH|name the operator's address, e.g. [203.0.113.7/32]",
    })
    .describe("ranges that may reach SSH: the operator's address as the internet sees it"),
  arch: z
    .enum(["amd64", "arm64"], { error: "must be amd64 or arm64|use one of them" })
    .default("arm64")
    .describe("processor architecture of sizes and image, `arm64` or `amd64`"),
  image: z
    .string()
    .regex(/^[^:]+:[^:]+:[^:]+:\d+(\.\d+)+$/, {
      error:
        "must have the form publisher:offer:sku:version with a version, not latest|write it like Debian:debian-13:13-arm64:0.20260914.2601; az vm image list --all shows versions",
    })
    .default("Debian:debian-13:13-arm64:0.20260914.2601")
    .meta({
      description: "`publisher:offer:sku:version` of Debian or Ubuntu",
      without: "Debian 13, arm64, pinned",
    }),
  disk: disk.prefault({}).meta({
    description: "`{kind, sizeGiB}` of machines that name none",
    without: "`StandardSSD_LRS`, the image's size",
  }),
  master: z
    .strictObject({ name: machineName.default("MasterNode"), ...machine })
    .prefault({})
    .meta({
      description: "`{name, size, zone, disk}` of the K3s server, which is the overlay's hub",
      without: "`MasterNode`, `Standard_B2pls_v2`",
    }),
  workers: z
    .array(z.strictObject({ name: machineName, ...machine }), {
      error: "must be a list of workers|write it like [{name: WorkerNode}]",
    })
    .min(1, { error: "must have at least one worker|add {name: WorkerNode}" })
    .prefault([{ name: "WorkerNode" }])
    .meta({
      description: "list of `{name, size, zone, disk}` of K3s agents; at least one",
      without: "`WorkerNode`, `Standard_B2pls_v2`",
    }),
  tags: tags.describe("tags of everything in the cloud, beside `project` and `stack`"),
  protect: z
    .boolean({ error: "must be true or false|write true or false" })
    .default(false)
    .describe("whether machines, network and database refuse to be deleted"),
  // Documentation addresses (RFC 5737) are the lab's internet, and its machines have this computer's
  // processor, whatever image and size are named.
  lab: z
    .boolean({ error: "must be true or false|remove it" })
    .default(false)
    .describe("whether the cloud is the lab's, which sets this itself"),
  // The free credit of a new account (S0-16).
  monthlyBudgetUsd: z
    .number({ error: "must be an amount in USD|write it like 200" })
    .positive({ error: "must be more than 0|write it like 200" })
    .default(200)
    .describe("most that a month may cost, USD; more is refused"),
  cores: count(1, 100_000).optional().meta({
    description: "most cores (vCPUs) that the machines may have together; more is refused",
    without: "no limit",
  }),
});

/** Section `cloud` of a stack's settings. */
export type CloudSettings = Readonly<
  Omit<z.output<typeof cloud>, "workers"> & {
    readonly workers: readonly [CloudMachineSettings, ...CloudMachineSettings[]];
  }
>;

/** A machine of the cloud as its stack orders it. */
export type CloudMachineSettings = z.output<typeof cloud>["workers"][number];

/** A machine's disk. */
export type Disk = z.output<typeof disk>;
