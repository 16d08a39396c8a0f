import { spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";

import { describe, expect, it } from "vitest";

import { mayStayUnread } from "./input.ts";

describe("input that may stay unread", () => {
  it("is no error of whoever writes more of it than the process reads", async () => {
    const child = spawn("bash", ["-c", "exit 3"], { stdio: ["pipe", "ignore", "inherit"] });
    mayStayUnread(child.stdin);
    const closed = new Promise((resolve) => child.stdin.once("close", resolve));
    child.stdin.end("x".repeat(1_000_000));
    expect(await once(child, "exit")).toEqual([3, null]);
    await closed;
    expect(child.stdin.errored).toMatchObject({ code: "EPIPE" });
  });

  it("hands on every other error", () => {
    const input = new PassThrough();
    const errors: Error[] = [];
    mayStayUnread(input, (error) => errors.push(error));
    const other = Object.assign(new Error("no space"), { code: "ENOSPC" });
    input.emit("error", other);
    expect(errors).toEqual([other]);
  });

  it("throws every other error where nobody gets it", () => {
    const input = new PassThrough();
    mayStayUnread(input);
    expect(() => input.emit("error", new Error("closed"))).toThrow("closed");
  });
});
