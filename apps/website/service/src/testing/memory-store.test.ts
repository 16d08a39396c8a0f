import { MemoryStore } from "./memory-store.ts";
import { describeStore } from "./store-contract.ts";

describeStore("The store in memory", () => Promise.resolve(new MemoryStore()));
