/** What visitors will notice of a drill, computed from where the cluster's pods are. Pure. */
import type { Facts } from "./facts.ts";

/** Where a fault meets a cluster. */
export interface Scene {
  readonly facts: Facts;
  /** The node that has the fault; empty where none has it alone. */
  readonly node: string;
  /** Addresses of the website, in the order in which the drill's own visitors ask them. */
  readonly urls: readonly string[];
  /** Those that lead to the machine with the fault alone. */
  readonly ownUrls: readonly string[];
}

/** Lines for the person who is asked. */
export type Notices = (scene: Scene) => readonly string[];

/** The machine is not there for others. */
export const away: Notices = (scene) => [
  ...podsAway(scene),
  ...databaseOn(scene, "pages are shown, and votes are refused (503) meanwhile"),
  ...ownAddresses(scene, "fail while it is away"),
  ...(isServer(scene)
    ? [
        `${scene.node} has the control plane and is the hub of the overlay: meanwhile nodes reach neither each other's ` +
          "pods nor the database, nothing is moved, and kubectl gets no answer",
      ]
    : []),
];

/** Nobody manages the node's pods, which run on. */
export const unmanaged: Notices = (scene) => {
  const { facts, node } = scene;
  if (isServer(scene)) {
    return [
      `${node} has the control plane: visits go on, kubectl gets no answer, and what fails meanwhile is not replaced`,
    ];
  }
  const { here } = shares(facts, node);
  return [
    here === 0
      ? `no pod of the website is on ${node}: no visit should fail`
      : `the ${pods(here)} on ${node} run on and answer; once the cluster has given the node up, as many are made ` +
        "elsewhere: no visit should fail",
    ...databaseOn(scene, "once the node is given up, votes may be refused (503) until it is back"),
  ];
};

/** What the machine has to say comes late, or not at all. */
export const impaired: Notices = (scene) => {
  const { facts, node } = scene;
  const { here, all } = shares(facts, node);
  return [
    here === 0
      ? `no pod of the website is on ${node}`
      : `${here} of ${pods(all)} of the website are on ${node}: their answers take longer, some visits a second or more`,
    ...databaseOn(scene, "pages and votes take longer"),
    ...ownAddresses(scene, "take longer or fail"),
    ...(isServer(scene)
      ? [`${node} is the hub of the overlay: what nodes send to each other suffers too`]
      : []),
  ];
};

/** One pod of the website ends, and comes back. */
export const onePod: Notices = ({ facts }) => {
  const all = facts.website.length;
  return [
    all === 1
      ? "it is the website's only pod: every visit fails until another one is Ready"
      : `it is one of ${pods(all)} of the website: visits that are under way in it are repeated on another one`,
  ];
};

/** The database ends, and starts again. */
export const noVotes: Notices = ({ facts }) => [
  `the database, on ${facts.database ?? "no node"}, is away: pages are shown, and votes are refused (503) meanwhile`,
];

/** Names are not found in the cluster. */
export const noNames: Notices = () => [
  "visits go on over connections that stand; a pod that starts meanwhile shows pages and takes no votes (503)",
];

/** Images cannot be pulled. */
export const noImages: Notices = ({ node }) => [
  `visits go on; a pod that comes to ${node} meanwhile starts only where its image is there already`,
];

/** A pod more, whose clock is wrong. */
export const wrongClock: Notices = () => ["visits go on; one more pod of the website answers them"];

interface Shares {
  readonly here: number;
  readonly all: number;
}

function shares({ website }: Facts, node: string): Shares {
  return { here: website.filter((each) => each === node).length, all: website.length };
}

function podsAway({ facts, node }: Scene): readonly string[] {
  const { here, all } = shares(facts, node);
  if (here === 0) {
    return [`no pod of the website is on ${node}`];
  }
  if (here < all) {
    return [
      `${here} of ${pods(all)} of the website are on ${node}, ${all - here} elsewhere: visits that are under way there ` +
        "may fail, and until the cluster notices, others take longer",
    ];
  }
  const isAlone = !facts.nodes.some(
    (each) => each.name !== node && !each.isServer && !each.isDrained,
  );
  const everything = all === 1 ? "the website's only pod is" : `all ${all} pods of the website are`;
  return [
    `${everything} on ${node}: every visit fails until ` +
      (isAlone
        ? "it is back, as no other node takes pods"
        : "they are made elsewhere, or it is back"),
  ];
}

function databaseOn({ facts, node }: Scene, what: string): readonly string[] {
  return facts.database === node ? [`the database is on ${node}: ${what}`] : [];
}

function ownAddresses({ urls, ownUrls, node }: Scene, what: string): readonly string[] {
  if (ownUrls.length === 0) {
    return [];
  }
  const share =
    ownUrls.length === urls.length
      ? "the website has no other address"
      : `the drill's own visits use all ${urls.length} addresses in turn`;
  return [`${ownUrls.join(" and ")} leads to ${node} alone: visits by it ${what}; ${share}`];
}

function isServer({ facts, node }: Scene): boolean {
  return facts.nodes.some((each) => each.name === node && each.isServer);
}

function pods(n: number): string {
  return n === 1 ? "1 pod" : `${n} pods`;
}
