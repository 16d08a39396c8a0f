/** Before tests that run beside each other: what all of them need is built, once. */
import { ensureEngine, ensureNetmaker } from "../../toolchain/toolchain.ts";

export default async function prepare(): Promise<void> {
  const say = (text: string): void => {
    console.log(text);
  };
  await ensureEngine(say);
  await ensureNetmaker(say);
}
