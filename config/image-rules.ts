/** Rules of what runs on the machines: system image, processor, K3s' binary. */
import { REGIONS, zonesOf } from "@fogline/azure-checks/regions";
import { sizeOf } from "@fogline/azure-checks/sizes";

import type { Known } from "./known.ts";
import { nearestOf, type Problem } from "./problems.ts";

type Arch = "amd64" | "arm64";

/** Images with apt and without a purchase plan, as `publisher:offer:sku`, lower case. */
const IMAGES = [
  /^debian:debian-\d+(-daily)?:[\w.-]+$/,
  /^canonical:(ubuntu-\d\d_\d\d(-lts)?(-daily)?|0001-com-ubuntu-(server|minimal)-[a-z]+(-daily)?|ubuntuserver):[\w.-]+$/,
];
/** Parts of Canonical's SKUs that are sold, or for confidential machines. */
const NOT_PLAIN = /(^|[-_:])(pro|fips|cvm)([-_:]|$)/;
/** What is offered to whoever names an image or a size of the other processor. */
const DEFAULTS = {
  amd64: {
    image: "Debian:debian-13:13-gen2:0.20260914.2601",
    size: "Standard_B2als_v2",
  },
  arm64: { image: "Debian:debian-13:13-arm64:0.20260914.2601", size: "Standard_B2pls_v2" },
} as const;

/** Every broken rule of images, sizes, zones and binaries. */
export function imageRules(known: Known): Problem[] {
  return [...region(known), ...systemImage(known), ...machines(known), ...binary(known)];
}

/** A region that is not known may be a new one; one that is nearly known is misspelt. */
function region({ cloud: { location } }: Known): Problem[] {
  const meant =
    location === undefined || REGIONS.has(location)
      ? undefined
      : nearestOf(location, [...REGIONS.keys()], 2);
  return meant === undefined
    ? []
    : [
        {
          path: "fogline:cloud.location",
          rule: `${location ?? ""} is no region of Azure`,
          fix: meant,
        },
      ];
}

function systemImage({ cloud }: Known): Problem[] {
  const { image, arch } = cloud;
  if (image === undefined) {
    return [];
  }
  const name = image.split(":").slice(0, 3).join(":").toLowerCase();
  if (!IMAGES.some((pattern) => pattern.test(name)) || NOT_PLAIN.test(name)) {
    return [
      {
        path: "fogline:cloud.image",
        rule: `${image} is none of the images that work: Debian's, and Ubuntu Server of Canonical, which have apt and need no purchase plan`,
        fix: `use one like ${DEFAULTS[arch ?? "arm64"].image}; az vm image list --publisher Debian --all shows them`,
      },
    ];
  }
  const isFor: Arch = name.includes("arm64") ? "arm64" : "amd64";
  return arch === undefined || cloud.lab === true || isFor === arch
    ? []
    : [
        {
          path: "fogline:cloud.image",
          rule: `${image} is for ${isFor}, and fogline:cloud.arch is ${arch}`,
          fix: `use one for ${arch}, like ${DEFAULTS[arch].image}, or write arch: ${isFor}`,
        },
      ];
}

function machines({ cloud }: Known): Problem[] {
  const { arch, location } = cloud;
  const ordered = [
    ...(cloud.master === undefined
      ? []
      : [{ path: "fogline:cloud.master", machine: cloud.master }]),
    ...(cloud.workers ?? []).map((machine, n) => ({
      path: `fogline:cloud.workers[${n}]`,
      machine,
    })),
  ];
  const zones = location === undefined ? undefined : zonesOf(location);
  return ordered.flatMap(({ path, machine }) => {
    const size = sizeOf(machine.size);
    const isFor = size === undefined ? arch : size.architecture === "Arm64" ? "arm64" : "amd64";
    return [
      ...(arch === undefined || cloud.lab === true || isFor === undefined || isFor === arch
        ? []
        : [
            {
              path: `${path}.size`,
              rule: `${machine.size} is for ${isFor}, and fogline:cloud.arch is ${arch}`,
              fix: `use one for ${arch}, like ${DEFAULTS[arch].size}, or write arch: ${isFor}`,
            },
          ]),
      ...(machine.zone !== undefined && zones?.length === 0
        ? [
            {
              path: `${path}.zone`,
              rule: `the region ${location ?? ""} has no availability zones`,
              fix: "remove the zone, or choose a region that has them",
            },
          ]
        : []),
    ];
  });
}

/** Architectures of the machines that K3s runs on. */
export function archsInUse({ cloud, edge }: Known): Arch[] {
  const archs = [cloud.arch, ...edge.map(({ device }) => device.arch)];
  return (["amd64", "arm64"] as const).filter((arch) => archs.includes(arch));
}

/** Nothing unpinned is run, and every processor needs a binary of its own. */
function binary(known: Known): Problem[] {
  const { sha256, download } = known.k3s;
  const archs = archsInUse(known);
  const problems: Problem[] = [];
  if (sha256 !== undefined) {
    for (const arch of archs.filter((each) => sha256[each] === undefined)) {
      problems.push({
        path: `fogline:k3s.sha256.${arch}`,
        rule: `is missing: ${usersOf(known, arch).join(", ")} run K3s for ${arch}`,
        fix: `add the sum of k3s${arch === "arm64" ? "-arm64" : ""} from the release's sha256sum-${arch}.txt, as \`make pin\` does`,
      });
    }
    if (sha256.amd64 !== undefined && sha256.amd64 === sha256.arm64 && !/^0+$/.test(sha256.amd64)) {
      problems.push({
        path: "fogline:k3s.sha256.arm64",
        rule: "is the sum of the binary for amd64",
        fix: "take the sum of k3s-arm64 from the release's sha256sum-arm64.txt",
      });
    }
  }
  if (download !== undefined && archs.length > 1 && !download.includes("{suffix}")) {
    problems.push({
      path: "fogline:k3s.download",
      rule: "has no {suffix}, so that machines of both processors would fetch one binary",
      fix: "write {suffix} where the release has nothing or -arm64",
    });
  }
  return problems;
}

function usersOf({ cloud, edge }: Known, arch: Arch): string[] {
  const inCloud = [cloud.master, ...(cloud.workers ?? [])].flatMap((machine) =>
    machine === undefined ? [] : [machine.name],
  );
  return [
    ...(cloud.arch === arch ? inCloud : []),
    ...edge.flatMap(({ device }) => (device.arch === arch ? [device.name] : [])),
  ];
}
