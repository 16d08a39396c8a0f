/** Kubeconfigs for tests. */

/** One that reaches `server` by a token, or as another user; `cluster` says more of the server. */
export const kubeconfigOf = (
  server: string,
  user: object = { token: "test-token" },
  cluster: object = {},
): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "x",
    clusters: [{ name: "c", cluster: { server, ...cluster } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    users: [{ name: "u", user }],
  });
