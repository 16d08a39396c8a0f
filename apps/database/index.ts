/** The app `database`: PostgreSQL for the website. */
import { defineApp } from "../app.ts";
import { Database, PODS, PORT } from "./component.ts";
import { images } from "./images.ts";
import { settings } from "./settings.ts";

export const database = defineApp({
  settings,
  images,
  pods: PODS,
  namespace: PODS.namespace,
  keepsData: true,
  provides: { database: () => ({ peer: PODS, port: PORT }) },
  deploy: ({ name, settings: { image, storage }, namespace, connections, opts }) => {
    const component = new Database(name, { namespace, image, storage, connections }, opts);
    return { offers: { database: component.address }, ready: [], allowed: component.isolation };
  },
});
