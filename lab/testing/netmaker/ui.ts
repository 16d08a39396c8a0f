/** A web application in small, which the lab's machines download: no package registry has Netmaker's. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";

import { FABRIC, NAMESPACES } from "../../layout.ts";

/** What its only page says. */
export const PAGE = "the web application";

const PORT = 8090;

/** An application that is offered to the machines until it is disposed of. */
export interface OfferedUi extends AsyncDisposable {
  /** Setting `netmaker.ui`. */
  readonly setting: { readonly download: string; readonly sha256: string };
}

/** Packs it and offers it where the lab's downloads are. */
export async function offerUi(): Promise<OfferedUi> {
  const folder = mkdtempSync(join(tmpdir(), "fogline-ui-"));
  writeFileSync(join(folder, "index.html"), PAGE);
  const archive = join(folder, "ui.tar.gz");
  await execa("tar", ["-czf", archive, "-C", folder, "./index.html"]);
  // Who downloads it tries again until the server answers.
  const server = execa(
    "nsenter",
    [
      `--net=/run/netns/${NAMESPACES.cloud}`,
      ...["python3", "-m", "http.server", "--bind", FABRIC.services, "--directory", folder],
      String(PORT),
    ],
    { reject: false, stdio: "ignore" },
  );
  return {
    setting: {
      download: `http://${FABRIC.services}:${PORT}/ui.tar.gz`,
      sha256: createHash("sha256").update(readFileSync(archive)).digest("hex"),
    },
    [Symbol.asyncDispose]: async () => {
      server.kill();
      await server;
      rmSync(folder, { recursive: true });
    },
  };
}
