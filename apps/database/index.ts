/** The app `database`: PostgreSQL for the website. */
import { defineApp } from "../app.ts";
import { images } from "./images.ts";
import { PODS, PORT } from "./pods.ts";
import { settings } from "./settings.ts";

export const database = defineApp({
  settings,
  images,
  pods: PODS,
  namespace: PODS.namespace,
  keepsData: true,
  provides: { database: () => ({ peer: PODS, port: PORT }) },
  deploy: async ({ name, settings: own, namespace, connections, timers, opts }) => {
    const { Database } = await import("./component.ts");
    const { image, storage } = own;
    const args = { namespace, image, storage, timers, connections };
    const component = new Database(name, args, opts);
    return { offers: { database: component.address }, ready: [], allowed: component.isolation };
  },
});
