/** The guide's steps, in their order. */
import type { Step } from "../step.ts";
import { address } from "./address.ts";
import { device } from "./device.ts";
import { key } from "./key.ts";
import { login } from "./login.ts";
import { pins } from "./pins.ts";
import { plan } from "./plan.ts";
import { providers } from "./providers.ts";
import { region } from "./region.ts";
import { state } from "./state.ts";
import { tools } from "./tools.ts";

export const STEPS: readonly Step[] = [
  tools,
  login,
  providers,
  region,
  address,
  key,
  device,
  pins,
  state,
  plan,
];
