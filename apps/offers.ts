/** What apps give each other, by kind: types alone, so that neither side knows the other. */
import type * as pulumi from "@pulumi/pulumi";

import type { AppImage } from "./images.ts";
import type { BuiltImages } from "./measures.ts";

/** Everything that an app may need of another one. */
export interface Offers {
  /** A way in from the internet. */
  readonly ingress: Ingress;
  /** PostgreSQL, with a database and a user for the app. */
  readonly database: DatabaseAddress;
  /** A registry of the cluster for images that are built from this checkout. */
  readonly registry: ImageRegistry;
}

/** Brings images from the operator's computer to the nodes. */
export interface ImageRegistry {
  /**
   * Builds an image on the operator's computer, unless the registry has it, and puts it there.
   *
   * @param id what names it in the stack: app and setting, e.g. `website-image`
   * @returns its name for pods, by digest; known once it is there
   */
  build(id: string, image: AppImage): pulumi.Output<string>;
  /** What has been asked for so far, with sizes. */
  built(): pulumi.Output<BuiltImages>;
}

/**
 * What an app says of its requests:
 *
 * - `once`: a request that changes something (POST, PATCH) is delivered at most once. It goes to another
 *   pod only while nothing of it was sent. Others (GET, PUT, DELETE, …) may be repeated, as HTTP says.
 * - `identified`: each request that changes something carries an id by which the app counts it once,
 *   so all of them may be delivered again.
 */
export type Repeats = "once" | "identified";

/** Serves Ingress objects on the workers' ports 80 and 443. */
export interface Ingress {
  /**
   * A route for an app.
   *
   * @param repeats whether the app counts each request once that changes something
   */
  route(repeats: Repeats): IngressRoute;
  /** Where the internet reaches it: one URL for each worker in the cloud, with a slash at its end. */
  readonly urls: pulumi.Output<string[]>;
}

/** What an app's Ingress object says to be served. */
export interface IngressRoute {
  readonly className: pulumi.Input<string>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Where an app finds its database. */
export interface DatabaseAddress {
  readonly host: pulumi.Output<string>;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  /** Secret that holds the key `password`. */
  readonly passwordSecret: pulumi.Output<string>;
}
