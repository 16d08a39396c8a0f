/** The mock engine that tests of the program and of its parts run under. */
import "./promise-stacks.ts";

export { settled, value, type Registered } from "@fogline/pulumi-kit/mock";
export { mockEngine } from "../plan/engine.ts";
