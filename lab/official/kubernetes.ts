/** What the official kubernetes provider does that the product relies on or has to cope with. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { type Properties } from "@fogline/pulumi-kit/values";

import { CONDITION } from "../../testing/patience.ts";
import { TestApiServer } from "../stand-ins/kubernetes/testing/api-server.ts";
import { kubeconfigOf } from "../stand-ins/kubernetes/testing/kubeconfig.ts";
import type { PluginBehaviour } from "./behaviour.ts";
import { DEPLOYMENT, DEPLOYMENT_PATH, rollOut } from "./deployment.ts";
import { urnOf, type Plugin, type Resource } from "./plugin.ts";
import { PluginError } from "./wire.ts";

const MAP = urnOf("kubernetes:core/v1:ConfigMap");
const PATH = "/api/v1/namespaces/default/configmaps/one";
const UPSERT = { upsertExistingObjects: true };
const UPSERT_BY_FORCE = { ...UPSERT, enablePatchForce: true };

const HERE = kubeconfigOf("https://here:6443");
const THERE = kubeconfigOf("https://there:6443");
const ONE = { clusterIdentifier: "one" };

function configMap(data: Properties): Properties {
  const metadata = { name: "one", namespace: "default" };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data };
}

/** The error of a call that must be refused. */
async function refusal(call: Promise<unknown>): Promise<PluginError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof PluginError, "it was not refused");
  return error;
}

/** Waits for something that the plugin says or does by itself. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + CONDITION; !holds();) {
    assert.ok(Date.now() < end, `never: ${what}`);
    await pause(50);
  }
}

const kubernetes = (title: string, check: (plugin: Plugin) => Promise<void>): PluginBehaviour => ({
  seen: "4.29.0",
  title,
  check,
});

/** A case with a cluster of its own: an API server in memory. */
const withCluster = (
  title: string,
  settings: Properties,
  check: (plugin: Plugin, api: TestApiServer) => Promise<void>,
): PluginBehaviour =>
  kubernetes(title, async (plugin) => {
    const api = new TestApiServer();
    await api.start();
    try {
      await plugin.configure({ kubeconfig: api.kubeconfig, ...settings });
      await check(plugin, api);
    } finally {
      await api.stop();
    }
  });

/** A change of the provider's settings, and for which of them it, and every object with it, is replaced. */
type Change = readonly [old: Properties, news: Properties, replaces: readonly string[]];

const settings = (title: string, ...changes: readonly Change[]): PluginBehaviour =>
  kubernetes(title, async (plugin) => {
    for (const [old, news, replaces] of changes) {
      const difference = await plugin.diffConfig(old, news);
      assert.equal(difference.changes, "some");
      assert.deepEqual([...difference.replaces].sort(), [...replaces].sort());
    }
  });

export const KUBERNETES: readonly PluginBehaviour[] = [
  settings("a kubeconfig that is not known yet replaces everything", [
    { kubeconfig: HERE },
    { kubeconfig: UNKNOWN },
    ["kubeconfig"],
  ]),
  settings(
    "nothing is replaced while clusterIdentifier stays, whatever the kubeconfig",
    [{ kubeconfig: HERE, ...ONE }, { kubeconfig: UNKNOWN, ...ONE }, []],
    [{ kubeconfig: HERE, ...ONE }, { kubeconfig: THERE, ...ONE }, []],
  ),
  settings(
    "a first clusterIdentifier replaces nothing, and does not help before it stands",
    [{ kubeconfig: HERE }, { kubeconfig: HERE, ...ONE }, []],
    [{ kubeconfig: HERE }, { kubeconfig: UNKNOWN, ...ONE }, ["kubeconfig"]],
  ),
  settings(
    "another clusterIdentifier, or one that is not known, replaces everything",
    [
      { kubeconfig: HERE, ...ONE },
      { kubeconfig: HERE, clusterIdentifier: "two" },
      ["clusterIdentifier"],
    ],
    [
      { kubeconfig: HERE, ...ONE },
      { kubeconfig: HERE, clusterIdentifier: UNKNOWN },
      ["clusterIdentifier"],
    ],
  ),
  settings(
    "another server replaces everything, another user or leave to adopt objects nothing",
    [{ kubeconfig: HERE }, { kubeconfig: THERE }, ["kubeconfig"]],
    [
      { kubeconfig: HERE },
      { kubeconfig: kubeconfigOf("https://here:6443", { token: "renewed" }) },
      [],
    ],
    [
      { kubeconfig: HERE },
      { kubeconfig: HERE, upsertExistingObjects: "true", enablePatchForce: "true" },
      [],
    ],
  ),

  withCluster("an object that exists is refused, its own included", {}, async (plugin) => {
    await plugin.create(MAP, configMap({ key: "value" }));
    const { message } = await refusal(plugin.create(MAP, configMap({ key: "value" })));
    assert.match(message, /already exists/);
  }),
  withCluster(
    "an object that exists is taken over with upsertExistingObjects and enablePatchForce",
    UPSERT_BY_FORCE,
    async (plugin, api) => {
      await plugin.create(MAP, configMap({ key: "value" }));
      api.put(PATH, { data: { theirs: "kept" } }, "somebody");
      const { id } = await plugin.create(MAP, configMap({ key: "other" }));
      assert.equal(id, "default/one");
      assert.deepEqual(api.get(PATH)?.["data"], { key: "other", theirs: "kept" });
    },
  ),
  withCluster(
    "upsertExistingObjects alone fails on fields that an interrupted update wrote",
    UPSERT,
    async (plugin) => {
      await plugin.create(MAP, configMap({ key: "value" }));
      const { message } = await refusal(plugin.create(MAP, configMap({ key: "other" })));
      assert.match(message, /conflict|managed by/i);
    },
  ),
  withCluster(
    "an update removes what the creation declared and it does not",
    {},
    async (plugin, api) => {
      const made = await plugin.create(MAP, configMap({ key: "value", gone: "value" }));
      await plugin.update(made, configMap({ key: "other" }));
      assert.deepEqual(api.get(PATH)?.["data"], { key: "other" });
    },
  ),
  withCluster(
    "an update leaves an ignored field to the manager that has set it, by force, too",
    UPSERT_BY_FORCE,
    async (plugin, api) => {
      const made = await plugin.create(MAP, configMap({ key: "value", count: "4" }));
      api.put(PATH, { data: { count: "7" } }, "autoscaler");
      await plugin.update(made, configMap({ key: "other", count: "4" }), {
        ignoreChanges: ["data.count"],
      });
      assert.deepEqual(api.get(PATH)?.["data"], { key: "other", count: "7" });
    },
  ),
  withCluster(
    "a deletion takes the object of that name, whoever made it",
    {},
    async (plugin, api) => {
      const made = await plugin.create(MAP, configMap({}));
      api.erase(PATH);
      api.put(PATH, { data: { theirs: "1" } }, "somebody");
      await plugin.delete(made);
      assert.equal(api.get(PATH), undefined);
    },
  ),
  withCluster(
    "a creation warns, for the moment, of replicas and containers that are not ready yet",
    {},
    async (plugin, api) => {
      const created = plugin.create(urnOf("kubernetes:apps/v1:Deployment"), DEPLOYMENT);
      await until("it exists", () => api.get(DEPLOYMENT_PATH) !== undefined);
      const warnings = [
        "[MinimumReplicasUnavailable] Deployment does not have minimum availability.",
        "[Pod one-1]: containers with unready status: [app]",
      ];
      for (const warning of warnings) {
        await until(warning, () => {
          rollOut(api, false);
          return plugin.said.some((text) => text.includes(warning));
        });
      }
      rollOut(api, true);
      await created;
      const said = plugin.messages.filter(({ text }) =>
        warnings.some((each) => text.includes(each)),
      );
      assert.ok(said.every(({ severity, isEphemeral }) => severity === "warning" && isEphemeral));
    },
  ),
  withCluster(
    "a deletion warns, for the moment, of events that the object had before",
    {},
    async (plugin, api) => {
      const made = await plugin.create(MAP, configMap({}));
      const uid = (api.get(PATH)?.["metadata"] as { uid: string }).uid;
      api.put("/api/v1/namespaces/default/events/old", {
        ...{ type: "Warning", reason: "FailedOnce", message: "long ago" },
        involvedObject: { uid, kind: "ConfigMap", name: "one", namespace: "default" },
      });
      api.held.add(PATH);
      const deleted = plugin.delete(made);
      const warning = "FailedOnce: long ago";
      await until(warning, () => plugin.said.some((text) => text.includes(warning)));
      api.erase(PATH);
      await deleted;
      const said = plugin.messages.filter(({ text }) => text.includes(warning));
      assert.ok(said.every(({ severity, isEphemeral }) => severity === "warning" && isEphemeral));
    },
  ),

  kubernetes(
    "a cluster that is away is named, with a hint that drops it from the state",
    async (plugin) => {
      const api = new TestApiServer();
      await api.start();
      const away = api.kubeconfig;
      await api.stop();
      await plugin.configure({ kubeconfig: away, ...UPSERT_BY_FORCE });
      const made: Resource = {
        urn: MAP,
        id: "default/one",
        inputs: configMap({}),
        outputs: { ...configMap({}), __initialApiVersion: "v1", __fieldManager: "m" },
      };
      const reason = /unreachable[^]*unable to load schema information/;
      assert.match((await refusal(plugin.create(MAP, configMap({})))).message, reason);
      assert.match((await refusal(plugin.update(made, configMap({ a: "b" })))).message, reason);
      for (const call of [plugin.read(made), plugin.delete(made)]) {
        const { message } = await refusal(call);
        assert.match(message, /unreachable[^]*PULUMI_K8S_DELETE_UNREACHABLE/);
      }
      const warned = (): typeof plugin.messages =>
        plugin.messages.filter(({ severity, text }) => severity === "warning" && reason.test(text));
      await until("read and delete warn", () => warned().length === 2);
      assert.ok(
        warned().every(({ isEphemeral }) => !isEphemeral),
        "the warnings last",
      );
    },
  ),
];
