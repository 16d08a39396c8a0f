/** One pod of each kind of dashboard: pure. */
import type * as k8s from "@pulumi/kubernetes";

import { CLOUD_ONLY, ON_CONTROL_PLANE } from "../placement.ts";
import { UNPRIVILEGED } from "../unprivileged.ts";
import {
  DASHBOARD_IMAGES,
  SCRAPER_IMAGE,
  type DashboardImages,
  type DashboardKind,
} from "./images.ts";
import { NAMESPACE } from "./roles.ts";

type Container = k8s.types.input.core.v1.Container;
type PodSpec = k8s.types.input.core.v1.PodSpec;

/** Name of the port that answers browsers. */
export const HTTP = "http";

/** Where the scraper listens, inside the pod alone. */
const SCRAPER_PORT = 8000;

/** The images' users by number: `runAsNonRoot` cannot check a user that an image names by a word. */
const USERS = {
  headlamp: { runAsUser: 100, runAsGroup: 101 },
  "kubernetes-dashboard": { runAsUser: 1001, runAsGroup: 2001 },
} as const;

/** The pod's specification: on a cloud node, without root and with nothing to write to but /tmp. */
export function dashboardPod(
  kind: DashboardKind,
  images: DashboardImages,
  serviceAccountName: string,
): PodSpec {
  return {
    // Its own account finds the API; what a person sees is decided by the token they log in with.
    serviceAccountName,
    enableServiceLinks: false,
    affinity: CLOUD_ONLY,
    tolerations: [ON_CONTROL_PLANE],
    securityContext: {
      runAsNonRoot: true,
      ...USERS[kind],
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: kind === "headlamp" ? [headlamp(images)] : kubernetesDashboard(images),
    volumes: [{ name: "tmp", emptyDir: { sizeLimit: "64Mi" } }],
  };
}

function headlamp({ image = DASHBOARD_IMAGES.headlamp }: DashboardImages): Container {
  return {
    ...hardened("headlamp", 4466, "256Mi"),
    image,
    args: ["-in-cluster", "-in-cluster-context-name=fogline"],
    // It makes a folder for settings in its home, which is read-only.
    env: [{ name: "HOME", value: "/tmp" }],
  };
}

function kubernetesDashboard({
  image = DASHBOARD_IMAGES["kubernetes-dashboard"],
  scraperImage = SCRAPER_IMAGE,
}: DashboardImages): Container[] {
  return [
    {
      ...hardened("kubernetes-dashboard", 9090, "256Mi"),
      image,
      args: [
        `--namespace=${NAMESPACE}`,
        // Plain HTTP inside the pod: the way there is kubectl's TLS to the API server and kubelet.
        "--insecure-bind-address=0.0.0.0",
        "--insecure-port=9090",
        `--sidecar-host=http://127.0.0.1:${SCRAPER_PORT}`,
      ],
    },
    { ...hardened("metrics-scraper", SCRAPER_PORT, "128Mi"), image: scraperImage },
  ];
}

/** What all containers share; the first container's port is the one that browsers reach. */
function hardened(name: string, containerPort: number, memory: string): Container {
  const port = containerPort === SCRAPER_PORT ? "scraper" : HTTP;
  return {
    name,
    ports: [{ name: port, containerPort }],
    resources: { requests: { cpu: "25m", memory: "64Mi" }, limits: { cpu: "500m", memory } },
    readinessProbe: { httpGet: { path: "/", port }, periodSeconds: 5, timeoutSeconds: 3 },
    livenessProbe: {
      httpGet: { path: "/", port },
      initialDelaySeconds: 15,
      periodSeconds: 10,
      timeoutSeconds: 5,
    },
    securityContext: UNPRIVILEGED,
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
  };
}
