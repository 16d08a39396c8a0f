/** Copies of files and folders to another machine over SFTP, by the official provider's rules. */
import { randomBytes } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { basename, join, posix } from "node:path";

import type { Client, SFTPWrapper, Stats } from "ssh2";

import { placeOf, type Connection } from "./connection.ts";
import { dial, type Dialling } from "./dial.ts";

/** What to copy: a text, or a file or folder of this computer. */
export type Source = { readonly text: string } | { readonly path: string };

/** SFTP's word for a path that is not there. */
const NO_SUCH_FILE = 2;

/**
 * Copies to a path of another machine; parent folders are made. A file appears whole or not at all.
 *
 * @throws Error naming machine and path when something in the way is of the wrong kind
 */
export async function copyToRemote(
  connection: Connection,
  source: Source,
  target: string,
  how: Dialling,
): Promise<void> {
  const client = await dial(connection, how);
  const stop = (): void => {
    client.destroy();
  };
  how.signal.addEventListener("abort", stop, { once: true });
  try {
    const remote = new Remote(await openSftp(client));
    await ("text" in source
      ? copyText(remote, source.text, target)
      : copyPath(remote, source.path, target));
  } catch (error) {
    const why = how.signal.aborted ? "cancelled" : (error as Error).message;
    throw new Error(`${placeOf(connection)}: copying to ${target} failed: ${why}`);
  } finally {
    how.signal.removeEventListener("abort", stop);
    client.end();
  }
}

async function copyText(remote: Remote, text: string, target: string): Promise<void> {
  if ((await remote.stat(target))?.isDirectory() === true) {
    throw new Error(
      `${target} is a folder; a text asset needs the path of a file, as it has no name of its own`,
    );
  }
  await remote.makeFolders(posix.dirname(target));
  await remote.put({ text }, target);
}

/**
 * Where a copy goes depends on what is there and on a slash at the end of a folder's path:
 * `dir` becomes `target/dir`, the contents of `dir/` go into `target`; a file goes into a folder
 * that exists, and otherwise becomes `target`.
 */
async function copyPath(remote: Remote, source: string, target: string): Promise<void> {
  const isFolder = (await stat(source)).isDirectory();
  const there = await remote.stat(target);
  if (isFolder) {
    const into = source.endsWith("/") ? target : posix.join(target, basename(source));
    await remote.makeFolders(into);
    await copyFolder(remote, source, into);
  } else if (there?.isDirectory() === true) {
    await remote.put({ path: source }, posix.join(target, basename(source)));
  } else {
    await remote.makeFolders(posix.dirname(target));
    await remote.put({ path: source }, target);
  }
}

async function copyFolder(remote: Remote, source: string, target: string): Promise<void> {
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const from = join(source, entry.name);
    const to = posix.join(target, entry.name);
    if (entry.isDirectory()) {
      await remote.makeFolders(to);
      await copyFolder(remote, from, to);
    } else {
      await remote.put({ path: from }, to);
    }
  }
}

/** The few things that a copy asks of the other side. */
class Remote {
  constructor(private readonly sftp: SFTPWrapper) {}

  /** What is at a path, links followed; undefined for nothing. */
  async stat(path: string): Promise<Stats | undefined> {
    return this.ask<Stats | undefined>(path, (done) => {
      this.sftp.stat(path, (error, stats) => {
        // The types promise an error; there is none when all is well.
        const code = (error as { code?: unknown } | undefined)?.code;
        done(code === NO_SUCH_FILE ? undefined : error, stats);
      });
    });
  }

  /** Makes a folder and those above it where they are missing. */
  async makeFolders(path: string): Promise<void> {
    const there = await this.stat(path);
    if (there?.isDirectory() === true) {
      return;
    }
    if (there !== undefined) {
      throw new Error(`${path} exists and is no folder`);
    }
    await this.makeFolders(posix.dirname(path));
    try {
      await this.ask(path, (done) => {
        this.sftp.mkdir(path, done);
      });
    } catch (error) {
      // Another copy may have made it meanwhile.
      if ((await this.stat(path))?.isDirectory() !== true) {
        throw error;
      }
    }
  }

  /** Puts a file in place of what is there: at a name beside it first, then by renaming. */
  async put(source: Source, path: string): Promise<void> {
    const before = await this.stat(path);
    if (before?.isDirectory() === true) {
      throw new Error(`${path} is a folder`);
    }
    // A link stays a link: its target is what is written.
    const target =
      before === undefined
        ? path
        : await this.ask<string>(path, (done) => {
            this.sftp.realpath(path, done);
          });
    const suffix = randomBytes(6).toString("hex");
    const beside = posix.join(posix.dirname(target), `.${posix.basename(target)}.${suffix}`);
    try {
      await this.ask(path, (done) => {
        if ("text" in source) {
          this.sftp.writeFile(beside, source.text, done);
        } else {
          this.sftp.fastPut(source.path, beside, done);
        }
      });
      if (before !== undefined) {
        await this.ask(path, (done) => {
          this.sftp.chmod(beside, before.mode & 0o7777, done);
        });
      }
      await this.ask(path, (done) => {
        this.sftp.ext_openssh_rename(beside, target, done);
      });
    } catch (error) {
      // Best effort: the connection may be what failed, and the first error is the one to show.
      await this.ask(beside, (done) => {
        this.sftp.unlink(beside, done);
      }).catch(() => undefined);
      throw error;
    }
  }

  private ask<T = void>(
    path: string,
    request: (done: (error?: Error | null, value?: T) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      // A lost connection leaves requests unanswered.
      const lost = (): void => {
        reject(new Error("the connection was lost"));
      };
      this.sftp.once("close", lost);
      request((error, value) => {
        this.sftp.off("close", lost);
        if (error === undefined || error === null) {
          resolve(value as T);
        } else {
          reject(new Error(`${path}: ${error.message}`));
        }
      });
    });
  }
}

function openSftp(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.once("close", () => {
      reject(new Error("the connection was lost"));
    });
    client.sftp((error, sftp) => {
      if (error === undefined) {
        resolve(sftp);
      } else {
        reject(error);
      }
    });
  });
}
