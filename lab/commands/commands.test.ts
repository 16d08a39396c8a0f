import { expect, test } from "vitest";

import { APPS } from "../../apps/index.ts";
import { appLines, certificateLine, nodeLines, shareLines } from "./report.ts";

test("a node is shown with whether it is ready and its pods", () => {
  const node = (name: string, status: string): Parameters<typeof nodeLines>[0][number] => ({
    metadata: { name },
    status: {
      conditions: [{ type: "Ready", status }],
      addresses: [{ type: "InternalIP", address: "10.101.0.2" }],
      nodeInfo: { kubeletVersion: "v1.36.3+k3s1" },
    },
  });
  const pod = {
    metadata: { name: "website-1", namespace: "website" },
    spec: { nodeName: "raspberrypi" },
    status: { phase: "Running" },
  };
  expect(nodeLines([node("raspberrypi", "True"), node("workernode", "Unknown")], [pod])).toEqual([
    "raspberrypi  Ready  10.101.0.2  v1.36.3+k3s1  1 pods",
    "  website/website-1  Running",
    "workernode  NOT READY  10.101.0.2  v1.36.3+k3s1  0 pods",
  ]);
});

test("each app is shown with its pods and where it is reached", () => {
  const pod = (app: string, phase: string): Parameters<typeof appLines>[1][number] => ({
    metadata: { name: `${app}-1`, namespace: "website", labels: { app, hash: "1" } },
    spec: { nodeName: "raspberrypi" },
    status: { phase },
  });
  const pods = [pod("website", "Running"), pod("website", "Pending"), pod("database", "Running")];
  expect(appLines(APPS, pods, { websiteUrl: "http://192.0.2.18/", databaseUrl: 1 })).toEqual([
    "website      1 of 2 pods run  http://192.0.2.18/",
    "database     1 of 1 pods run",
    "ingress      off",
    "descheduler  off",
    "dashboard    off",
    "registry     off",
  ]);
});

test("shares of requests add up, failures included, the largest first", () => {
  const answer = (pod: string, ok = true): Parameters<typeof shareLines>[0][number] => ({
    ok,
    pod,
    node: "n",
  });
  expect(shareLines([answer("p1"), answer("p2"), answer("p2"), answer("HTTP 503", false)])).toEqual(
    ["  50 %  n / p2", "  25 %  n / p1", "  25 %  failed: HTTP 503"],
  );
});

test("the certificates' end is shown, and that it is past", () => {
  const end = new Date("2027-03-01T12:00:00Z");
  expect(certificateLine(end, new Date("2027-02-01T12:00:00Z"))).toBe(
    "certificates: good for 28 days, until 2027-03-01",
  );
  expect(certificateLine(end, new Date("2027-04-01T12:00:00Z"))).toBe(
    "certificates: ended on 2027-03-01",
  );
});
