/** Files that the page needs, read once and held in memory. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

/** One static file. */
export interface Asset {
  /** Its path, with a mark of its content so that browsers may keep it for good. */
  readonly href: string;
  readonly type: string;
  readonly body: Buffer;
}

/** The files by the path that they are asked for. */
export interface Assets {
  readonly style: Asset;
  readonly script: Asset;
}

/** An asset from its content. */
export function asset(path: string, type: string, body: Buffer): Asset {
  const mark = createHash("sha256").update(body).digest("hex").slice(0, 12);
  // In the query, as pods of two versions serve side by side and either must know the path.
  return { href: `${path}?v=${mark}`, type, body };
}

/** Reads the assets from the folder that the build put them in. */
export async function readAssets(folder: URL): Promise<Assets> {
  const [style, script] = await Promise.all([
    readFile(new URL("style.css", folder)),
    readFile(new URL("poll.js", folder)),
  ]);
  return {
    style: asset("/style.css", "text/css; charset=utf-8", style),
    script: asset("/poll.js", "text/javascript; charset=utf-8", script),
  };
}
