import type { Json, JsonObject } from "@fogline/pulumi-kit/json";
import { unwrap } from "@fogline/pulumi-kit/secret-paths";
import { SECRET, SIGNATURE } from "@fogline/pulumi-kit/signatures";
import { fromStruct, toStruct } from "@fogline/pulumi-kit/wire";
import grpc from "@grpc/grpc-js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createService } from "./service.ts";
import { TestApiServer } from "./testing/api-server.ts";

const URN = "urn:pulumi:test::fogline::kubernetes:core/v1:Secret::pw";
const secret = (value: Json): JsonObject => ({
  [SIGNATURE]: SECRET,
  value,
});

let api: TestApiServer;
let service: grpc.UntypedServiceImplementation;
beforeEach(async () => {
  api = new TestApiServer();
  await api.start();
  service = createService(undefined);
  const configure = new proto.ConfigureRequest();
  configure.setArgs(toStruct({ kubeconfig: secret(api.kubeconfig) }));
  const response = await call<proto.ConfigureResponse>("configure", configure);
  expect(response.getSupportspreview()).toBe(true);
});
afterEach(() => api.stop());

function call<A>(method: string, request: unknown): Promise<A> {
  const handler = service[method] as grpc.handleUnaryCall<unknown, A>;
  return new Promise((resolve, reject) => {
    handler({ request } as unknown as grpc.ServerUnaryCall<unknown, A>, (error, answer) => {
      if (error) {
        reject(Object.assign(new Error(error.details ?? ""), error));
      } else {
        resolve(answer as A);
      }
    });
  });
}

function createRequest(urn: string, inputs: JsonObject): proto.CreateRequest {
  const request = new proto.CreateRequest();
  request.setUrn(urn);
  request.setProperties(toStruct(inputs));
  return request;
}

describe("the service", () => {
  it("keeps the content of a Secret secret on its way through", async () => {
    const check = new proto.CheckRequest();
    check.setUrn(URN);
    check.setNews(toStruct({ metadata: { name: "pw" }, stringData: { password: "hunter2" } }));
    const checked = await call<proto.CheckResponse>("check", check);
    const inputs = fromStruct(checked.getInputs());
    expect(unwrap(inputs).secrets).toEqual([["stringData"]]);

    const created = await call<proto.CreateResponse>("create", createRequest(URN, inputs));
    const outputs = fromStruct(created.getProperties());
    expect(unwrap(outputs).secrets).toEqual([["data"]]);
    expect(unwrap(outputs).value["data"]).toEqual({ password: "aHVudGVyMg==" });
  });

  it("keeps secrets out of errors", async () => {
    const data = { short: "c2Vj", k: "c2VjcmV0", tiny: "is" };
    const inputs = { metadata: { name: "pw", namespace: "default" }, data };
    api.failures.push({ status: 422, body: { message: 'this is "c2VjcmV0"' } });
    await expect(call("create", createRequest(URN, inputs))).rejects.toThrow(
      /this is "\[secret\]"/,
    );
  });

  it("hands a partial failure over with identity, reasons and state", async () => {
    const urn = "urn:pulumi:test::fogline::kubernetes:core/v1:Namespace::late";
    const request = createRequest(urn, {
      metadata: { name: "late", annotations: { a: secret("s3cret") } },
    });
    request.setTimeout(0.2);
    const error = await call("create", request).catch(
      (reason: unknown) => reason as grpc.ServiceError,
    );
    const [packed] = (error as grpc.ServiceError).metadata.get("grpc-status-details-bin");
    const status = statusProto.Status.deserializeBinary(packed as Buffer);
    const detail = proto.ErrorResourceInitFailed.deserializeBinary(
      status.getDetailsList()[0]?.getValue_asU8() ?? new Uint8Array(),
    );
    expect(detail.getId()).toBe("late");
    expect(detail.getReasonsList()[0]).toContain("Namespace late: not ready");
    expect(fromStruct(detail.getProperties())).toMatchObject({
      metadata: { name: "late", annotations: { a: secret("s3cret") } },
    });
  });

  it("describes differences property by property", async () => {
    const request = new proto.DiffRequest();
    request.setUrn("urn:pulumi:test::fogline::kubernetes:apps/v1:Deployment::web");
    request.setOldInputs(
      toStruct({ metadata: { name: "a" }, spec: { replicas: 1, selector: { a: 1 } } }),
    );
    request.setNews(
      toStruct({ metadata: { name: "a" }, spec: { replicas: 2, selector: { a: 2 } } }),
    );
    const response = await call<proto.DiffResponse>("diff", request);
    const details = response.getDetaileddiffMap();
    expect(details.get("spec.replicas")?.getKind()).toBe(proto.PropertyDiff.Kind.UPDATE);
    expect(details.get("spec.selector.a")?.getKind()).toBe(proto.PropertyDiff.Kind.UPDATE_REPLACE);
    expect(response.getReplacesList()).toEqual(["spec.selector.a"]);
    expect(response.getDeletebeforereplace()).toBe(true);
  });

  it.each([
    ["create", createRequest("urn:pulumi:t::p::kubernetes:core/v1:ConfigMapPatch::x", {})],
    ["construct", new proto.ConstructRequest().setType("kubernetes:yaml/v2:ConfigGroup")],
    ["invoke", new proto.InvokeRequest().setTok("kubernetes:helm:template")],
  ])("%s refuses by name what it does not support", async (method, request) => {
    await expect(call(method, request)).rejects.toThrow(
      /kubernetes:(core\/v1:ConfigMapPatch|yaml|helm)/,
    );
  });

  it("reports progress to stderr when there is no engine", async () => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    await call(
      "configure",
      new proto.ConfigureRequest().setArgs(toStruct({ kubeconfig: "/nowhere" })),
    );
    const request = new proto.DeleteRequest();
    request.setUrn(URN);
    request.setId("default/pw");
    await expect(call("delete", request)).rejects.toThrow("unreachable");
    expect(write.mock.calls.join()).toContain("unreachable");
  });
});
