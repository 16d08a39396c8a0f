/** What Pulumi runs; its default export is the stack's outputs. */
import { program } from "./stacks/program.ts";

export default await program();
