import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { clientOf } from "./testing/server.ts";

let folder: string;
let server: Server;
let url: string;
let requests = 0;

/** A certificate for 127.0.0.1 that nobody but its own maker vouches for. */
function makeCertificate(): { key: string; cert: string } {
  const key = join(folder, "key.pem");
  const cert = join(folder, "cert.pem");
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-days", "1", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"],
      ...["-keyout", key, "-out", cert],
    ],
    { stdio: "ignore" },
  );
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "netmaker-tls-"));
  server = createServer(makeCertificate(), (_, response) => {
    requests += 1;
    response.end("true");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

describe("a server with a certificate of its own authority", () => {
  it("is trusted with that authority", async () => {
    const ca = readFileSync(join(folder, "cert.pem"), "utf8");
    expect(await clientOf(url, { ca }).server.hasSuperAdmin()).toBe(true);
  });

  it("is sent nothing without it, and not tried again", async () => {
    requests = 0;
    await expect(clientOf(url).server.hasSuperAdmin()).rejects.toMatchObject({
      kind: "unreachable",
      attempts: 1,
      reason: expect.stringContaining("certificate not trusted") as string,
    });
    expect(requests).toBe(0);
  });
});
