import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";

import type { BuiltImages } from "../apps/measures.ts";
import type { ImageRegistry } from "../apps/offers.ts";
import { APPS } from "../apps/index.ts";
import { imageOf } from "./images.ts";
import type { Wanted } from "./wanted.ts";

const website = (image?: string): Wanted => ({
  name: "website",
  app: APPS.website,
  settings: image === undefined ? {} : { image },
});
const registry: ImageRegistry = {
  build: (id, image) => pulumi.output(`built ${id} from ${image.name}`),
  built: () => pulumi.output<BuiltImages>({}),
};

describe("the image of an app", () => {
  it("is the one that its setting names, or one that is built", async () => {
    const named = "ghcr.io/someone/website@sha256:1";
    expect(imageOf(website(named), "image", undefined)).toBe(named);
    const built = pulumi.output(imageOf(website("build"), "image", registry));
    expect(await new Promise((resolve) => built.apply(resolve))).toBe(
      "built website-image from website",
    );
  });

  it("must be named, and what is built must have sources and a registry", () => {
    expect(() => imageOf(website(), "image", registry)).toThrow(
      "the app website runs an image that website.image does not name",
    );
    expect(() => imageOf(website("build"), "image", undefined)).toThrow(
      "website.image is build, but the app finds no registry in the list",
    );
    const sourceless: Wanted = { ...website("build"), app: { ...APPS.website, images: {} } };
    expect(() => imageOf(sourceless, "image", registry)).toThrow(
      "website.image is build, but the app has no images.image",
    );
  });
});
