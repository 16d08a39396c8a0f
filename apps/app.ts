/**
 * What an app is: a folder of this directory whose `index.ts` defines one, and a line in `index.ts`
 * here (docs/add-an-app.md). The name in that list is its section of the stack file, its component's
 * name and its place in messages. Settings, network policies, claimed names, deployment, lab images,
 * outputs and `make status` follow from the definition.
 *
 * Apps do not import each other. What one needs of another it names by a key of `Offers`.
 */
import type * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";

import type { Arch } from "../components/machine.ts";
import type { Timers } from "../config/failover.ts";
import type { Section } from "../config/section.ts";
import type { AppImage } from "./images.ts";
import type { ClusterAddresses, Connection, Peer, PodGroup } from "./network-policy.ts";
import type { Offers } from "./offers.ts";
import type { PodSecurity } from "./pod-security.ts";

/** Kinds of things that apps give each other. */
export type Offered = keyof Offers;

/** Where on the network an app meets those that need what it offers. */
export interface Endpoint {
  /** What calls them, or is called by them. */
  readonly peer: Peer;
  /** Port that it listens on, as pods see it. */
  readonly port: number;
}

/** How each kind of thing is met, once a cluster's addresses are known. */
export type Provided = Readonly<Record<Offered, (cluster: ClusterAddresses) => Endpoint>>;

/** A namespace that exists before any app is deployed into it. */
export interface Namespace {
  /** Its name, known before anything is created. */
  readonly name: string;
  /** The same from the created object: whatever uses it waits for the namespace. */
  readonly created: pulumi.Output<string>;
}

/** What the apps of a stack have in common. */
export interface StackUse {
  /** Whether an image of an app is built from this checkout: its setting is `build`. */
  readonly builds: boolean;
}

/** The nodes that pods run on. */
export interface Nodes {
  /** Processor architectures, each once. */
  readonly archs: readonly Arch[];
  /** Differs once a cloud worker was made anew, with an empty disk. */
  readonly disks: pulumi.Output<string>;
}

/** What an app is deployed with. */
export interface Context<S extends z.ZodObject = z.ZodObject, N extends Offered = Offered> {
  /** Name in the list of apps; the component's Pulumi name. */
  readonly name: string;
  /** The app's section of the stack file. */
  readonly settings: Readonly<z.output<S>>;
  /** The namespace that the definition asks for. @throws Error when it asks for none */
  readonly namespace: pulumi.Output<string>;
  /**
   * The image that a setting names, or the one that is built where the setting is `build`.
   *
   * @throws Error when the setting names none, or `images` of the definition does not have it
   */
  readonly imageOf: (setting: Extract<keyof z.output<S>, string>) => pulumi.Input<string>;
  /** What the apps that it needs offer. */
  readonly needs: Pick<Offers, N>;
  /** Namespaces of the apps that need something of this one. */
  readonly clients: readonly Namespace[];
  /** All namespaces that definitions ask for. */
  readonly namespaces: readonly Namespace[];
  /** Every connection that a pod of an app may take part in. */
  readonly connections: readonly Connection[];
  /** An administrator's, for steps on the operator's computer; secret. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly nodes: Nodes;
  /** How soon what is silent is given up (docs/failover.md). */
  readonly timers: Timers;
  /** Range of the addresses of Services. */
  readonly serviceRange: string;
  /** Public addresses of the cloud's workers, in the order of the settings. */
  readonly publicAddresses: pulumi.Output<string[]>;
  /** Options of the component: the cluster's provider, and whether it refuses to be deleted. */
  readonly opts: pulumi.ComponentResourceOptions;
}

/** What a deployment gives back. */
export interface Deployed<P extends Offered = never> {
  /** For the apps that need it. */
  readonly offers?: Partial<Offers> & Pick<Offers, P>;
  /** Outputs of the stack. One called `<name>Url` is shown by `make status`. */
  readonly outputs?: Readonly<Record<string, pulumi.Output<unknown>>>;
  /** What is waited for before DaemonSets are looked at, which ends the `up`. */
  readonly ready: readonly pulumi.Resource[];
  /** What allows its connections; the denial of all others in its namespace follows. */
  readonly allowed?: pulumi.Resource;
  /** A DaemonSet whose pod on each worker is looked at in the end. */
  readonly daemonSet?: DaemonSetRef;
}

/** A DaemonSet: what it is called, and what changes whenever its pods do. */
export interface DaemonSetRef {
  readonly namespace: pulumi.Output<string>;
  /** Its name, and value of its pods' label `app`. */
  readonly name: string;
  readonly generation: pulumi.Output<string>;
}

/**
 * A definition. `S` is the schema of its settings, `N` what it needs of other apps, `P` what it
 * provides. As in `Section`, methods let every definition fit the type without parameters.
 */
export interface App<
  S extends z.ZodObject = z.ZodObject,
  N extends Offered = Offered,
  P extends Offered = never,
> {
  /** Its section of the stack file. */
  readonly settings: Section<S>;
  /** Its pods. */
  readonly pods: PodGroup;
  /** Images by the setting that names each. */
  readonly images?: { readonly [Key in keyof z.output<S>]?: AppImage };
  /**
   * Images that it runs and nobody but their makers can build, by the setting that names each: as its settings
   * say, else as it pins them. The lab has them where their registries can be reached.
   */
  published?(settings: Partial<z.output<S>>): Readonly<Record<string, string>>;
  /**
   * A namespace that is made for it, in which all connections are denied that the table does not
   * have. Apps may share one. Without it, the component makes its own.
   */
  readonly namespace?: string;
  /**
   * What its pods need of the Pod Security Standards; its namespace enforces the least strict level that one of
   * its apps needs. Default `restricted`: no root, no capability, no volume or network of the node.
   */
  readonly podSecurity?: PodSecurity;
  /** Whether data is lost with it: `cloud.protect` then protects it and its namespace. */
  readonly keepsData?: boolean;
  /**
   * Settings that follow from where a stack runs, so that the lab takes its own when it runs the settings of
   * another stack. Those that name `images` always do. Default: none.
   */
  readonly placeBound?: readonly Extract<keyof z.output<S>, string>[];
  /** What it needs of other apps; these are deployed first. */
  readonly needs?: readonly N[];
  /** What it offers other apps, and where they meet it. One app provides a kind. */
  readonly provides?: Partial<Provided> & Pick<Provided, P>;
  /** Whether the stack's settings ask for it; without it, always. */
  enabled?(settings: Partial<z.output<S>>, stack: StackUse): boolean;
  /**
   * Addresses at which nodes find registries, as `mirrors` of K3s' `registries.yaml`. Those of the
   * settings go before.
   *
   * @param serviceRange addresses of Services
   */
  mirrors?(serviceRange: string): Readonly<Record<string, string[]>>;
  /**
   * Type of the component whose pods take ports of their nodes, such as `fogline:ingress:IngressController`.
   * The policy `public-addresses-as-planned` refuses such pods of all others. Default: none.
   */
  readonly nodePorts?: string;
  /** Connections that its pods take part in; those of other apps need no mention. */
  connections?(cluster: ClusterAddresses, needs: Readonly<Record<N, Endpoint>>): Connection[];
  /** Its objects that lie in no namespace, as `kind/name`; namespaces that are made for it left out. */
  clusterWide?(settings: Readonly<z.output<S>>): readonly string[];
  /**
   * Declares its component, which it imports only here: what reads the list for settings, images or pods
   * does without the second that Pulumi's SDKs take to load.
   */
  deploy(context: Context<S, N>): Promise<Deployed<P>>;
}

/** Apps by name. */
export type Apps = Readonly<Record<string, App>>;

/** Defines an app; the compiler checks the parts against each other. */
export function defineApp<
  S extends z.ZodObject,
  const N extends Offered = never,
  P extends Offered = never,
>(definition: App<S, N, P>): App<S, N, P> {
  return definition;
}

/**
 * What an app needs, out of all that apps provide.
 *
 * @param held what is provided, by kind
 * @throws Error when no app provides a kind that it needs
 */
export function needed<T extends Readonly<Record<Offered, unknown>>>(
  name: string,
  { needs = [] }: App,
  held: Partial<T>,
): T {
  const missing = needs.filter((kind) => held[kind] === undefined);
  if (missing.length > 0) {
    throw new Error(`the app ${name} needs ${missing.join(", ")}, which no app provides`);
  }
  return held as T;
}
