import { describe, expect, it } from "vitest";

import { APPS } from "../../apps/index.ts";
import { APPS as LARGE } from "../../testing/fixtures/large-image/index.ts";
import { wrapper } from "./build-tools.ts";
import { wantedImages } from "./wanted.ts";

const sections = (...args: Parameters<typeof wantedImages>): string[] =>
  wantedImages(...args).images.map(({ section }) => section);

describe("images of the lab", () => {
  it("are those of the apps, without a registry for what is built", () => {
    expect(sections({}, APPS)).toEqual(["website", "database", "ingress", "descheduler"]);
    expect(wantedImages({}, APPS).built).toEqual([]);
  });

  it("leave out what the program builds by itself, for which they have a registry", () => {
    const config = { "fogline:website": { image: "build", replicas: 2 } };
    expect(sections(config, APPS)).toEqual(["database", "ingress", "descheduler", "registry"]);
    expect(wantedImages(config, APPS).built).toEqual([APPS.website.images?.image]);
  });

  it("do so for an app that is asked for alone", () => {
    const hello = (enabled: boolean): string[] => {
      const config = { "fogline:hello": { enabled, image: "build" } };
      return wantedImages(config, LARGE).built.map(({ name }) => name);
    };
    expect(hello(true)).toEqual(["hello"]);
    expect(hello(false)).toEqual([]);
  });
});

it("the laptop's buildah has the lab's storage, and this computer's network and package registries", () => {
  const text = wrapper("/usr/bin/buildah", ["--root=/it's"], [["/from", "/to"]]);
  expect(text).toContain("set -- --isolation=chroot '--volume=/from:/to:ro' \"$@\"\n");
  expect(text).toContain(
    `exec nsenter --net="$FOGLINE_OUTSIDE" '/usr/bin/buildah' '--root=/it'\\''s' "$command" "$@"\n`,
  );
});
