/**
 * A web server for a fixed list of large files; compressed for those who accept it, as the home's
 * line is slow.
 *
 * Usage: node --import tsx lab/services/downloads.ts <address> <port> <list.json>
 */
import { createReadStream, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";

import type { Download } from "../services.ts";

const [address, port, list] = process.argv.slice(2);
if (address === undefined || port === undefined || list === undefined) {
  process.stderr.write("usage: downloads.ts <address> <port> <list.json>\n");
  process.exit(2);
}
const listFile = list;

function serve(request: IncomingMessage, response: ServerResponse): void {
  // Read anew each time: the list may change while the server runs, and requests are few.
  const downloads = JSON.parse(readFileSync(listFile, "utf8")) as Download[];
  const found = downloads.find((each) => each.path === request.url);
  if (found === undefined) {
    response
      .writeHead(404)
      .end(`no such file; here are: ${downloads.map((d) => d.path).join(" ")}\n`);
    return;
  }
  const accepted = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
  const compressed = accepted && found.gzip !== undefined;
  const file = compressed ? (found.gzip ?? found.file) : found.file;
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-length": statSync(file).size,
    etag: `"${found.sha256}"`,
    vary: "accept-encoding",
    ...(compressed ? { "content-encoding": "gzip" } : {}),
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  pipeline(createReadStream(file), response, (error) => {
    process.stdout.write(
      `${new Date().toISOString()} ${request.socket.remoteAddress ?? "?"} ${found.path} ${file}: ${error?.message ?? "sent"}\n`,
    );
  });
}

createServer(serve).listen(Number(port), address);
