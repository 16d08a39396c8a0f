import { expect, it } from "vitest";

import { TestNetmaker } from "../../stand-ins/netmaker/testing/server.ts";
import { TestStack } from "../../testing/netmaker/stack.ts";

it("the example of the library's use alone comes up, and stays as it is", async () => {
  await using server = await TestNetmaker.startWithUser();
  const { client, user, url } = server;
  await client.networks.create({ name: "office", addressRange: "10.55.0.0/24" });
  await server.enrol("nas", (await client.enrollmentKeys.find("office"))?.token ?? "");

  await using stack = await TestStack.create(async () => ({
    ...((await import("@fogline/pulumi-netmaker/example")) as object),
  }));
  await stack.configure({ url, username: user.username }, { password: user.password });
  expect(Object.keys(await stack.up())).toEqual(["create"]);
  const [nas] = await client.gateways.list("home");
  expect(nas?.address).toBe("10.101.0.1/16");
  const { phoneFile } = await stack.outputs();
  expect(phoneFile).toMatch(/^AllowedIPs = .*192\.168\.1\.0\/24/m);
  expect(await stack.refresh()).toEqual({});
});
