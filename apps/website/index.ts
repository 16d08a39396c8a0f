/** The app `website`: the poll, on edge and cloud. */
import { defineApp } from "../app.ts";
import { toDns } from "../network-policy.ts";
import { images } from "./images.ts";
import { PODS, PORT } from "./pod.ts";
import { settings } from "./settings.ts";

export const website = defineApp({
  settings,
  images,
  pods: PODS,
  namespace: PODS.namespace,
  needs: ["ingress", "database"],
  connections: (_, { ingress, database }) => [
    // The page is public.
    { from: ingress.peer, to: PODS, port: PORT, protocol: "TCP" },
    { from: PODS, to: database.peer, port: database.port, protocol: "TCP" },
    ...toDns(PODS),
  ],
  deploy: async ({ name, settings: own, imageOf, namespace, needs, connections, timers, opts }) => {
    const { Website } = await import("./component.ts");
    const { served, isolation } = new Website(
      name,
      {
        namespace,
        settings: own,
        image: imageOf("image"),
        timers,
        database: needs.database,
        connections,
        // Its ballots carry ids, by which each counts once.
        route: needs.ingress.route("identified"),
      },
      opts,
    );
    const { urls } = needs.ingress;
    return {
      ready: [served],
      allowed: isolation,
      outputs: { websiteUrl: urls.apply(([first = ""]) => first), websiteUrls: urls },
    };
  },
});
