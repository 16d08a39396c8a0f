import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { clientOf } from "./testing/server.ts";

const folder = mkdtempSync(join(tmpdir(), "netmaker-tls-"));
const servers: Server[] = [];

/** A server whose certificate for 127.0.0.1 nobody but its own maker vouches for. */
async function serve(
  days: number,
): Promise<{ url: string; ca: string; end: number; requests: () => number }> {
  const file = (kind: string): string => join(folder, `${days}.${kind}`);
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { stdio: "ignore" });
  };
  openssl(
    ...["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"],
    ...["-keyout", file("key"), "-out", file("request")],
  );
  openssl(
    ...["x509", "-req", "-in", file("request"), "-signkey", file("key"), "-days", String(days)],
    ...["-copy_extensions", "copy", "-out", file("cert")],
  );
  const cert = readFileSync(file("cert"), "utf8");
  let requests = 0;
  const server = createServer({ key: readFileSync(file("key")), cert }, (_, response) => {
    requests += 1;
    response.end("true");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const end = Date.parse(new X509Certificate(cert).validTo);
  return { url: `https://127.0.0.1:${port}`, ca: cert, end, requests: () => requests };
}

afterAll(() => {
  for (const server of servers) {
    server.close();
  }
  rmSync(folder, { recursive: true });
});

describe("a server with a certificate of its own authority", () => {
  it("is trusted with that authority", async () => {
    const { url, ca } = await serve(1);
    expect(await clientOf(url, { ca }).server.hasSuperAdmin()).toBe(true);
  });

  it("is sent nothing without it, and not tried again", async () => {
    const { url, requests } = await serve(1);
    await expect(clientOf(url).server.hasSuperAdmin()).rejects.toMatchObject({
      kind: "unreachable",
      attempts: 1,
      reason: expect.stringContaining("certificate not trusted") as string,
    });
    expect(requests()).toBe(0);
  });

  it("is sent nothing after its end, and whose clock that is by is said", async () => {
    // One of no days, which ends in the second that it is made: OpenSSL 3.5 makes none of fewer.
    const { url, ca, end, requests } = await serve(0);
    await expect.poll(() => Date.now() - end).toBeGreaterThan(1000);
    await expect(clientOf(url, { ca }).server.hasSuperAdmin()).rejects.toMatchObject({
      kind: "unreachable",
      attempts: 1,
      reason: expect.stringMatching(/has expired; by this computer's clock it is 2/) as string,
    });
    expect(requests()).toBe(0);
  });
});
