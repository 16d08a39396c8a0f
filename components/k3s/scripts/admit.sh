# shellcheck shell=bash
# Gives a machine its identity in the cluster, a service account that may read and nothing else, before
# its agent joins; takes the node away when the agent is gone, or another machine has its name. Runs on
# the server.
# Values: those of files.sh, MACHINE (what tells the machine from another one of its name)
# Parts before it: files.sh, api.sh
# Prints the token of the service account.
# shellcheck disable=SC2154 # accounts: of api.sh
known_as() {
  kube get serviceaccount --namespace "$accounts" "$NODE" --ignore-not-found \
    --output 'jsonpath={.metadata.annotations.fogline/machine}'
}

# What S0-33 asks of kubectl on every node: to look. Secrets, ConfigMaps and every write stay out, and
# so does exec, which reads what a pod can read.
make_account() {
  kube apply --filename - >&2 <<EOT
apiVersion: v1
kind: Namespace
metadata:
  name: $accounts
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: fogline:node-reader
rules:
  - apiGroups: [""]
    resources:
      - nodes
      - namespaces
      - pods
      - pods/log
      - services
      - endpoints
      - events
      - persistentvolumes
      - persistentvolumeclaims
    verbs: [get, list, watch]
  - apiGroups: [apps]
    resources: [deployments, daemonsets, statefulsets, replicasets]
    verbs: [get, list, watch]
  - apiGroups: [batch]
    resources: [jobs, cronjobs]
    verbs: [get, list, watch]
  - apiGroups: [networking.k8s.io]
    resources: [ingresses, networkpolicies]
    verbs: [get, list, watch]
  - apiGroups: [autoscaling]
    resources: [horizontalpodautoscalers]
    verbs: [get, list, watch]
  - apiGroups: [policy]
    resources: [poddisruptionbudgets]
    verbs: [get, list, watch]
  - apiGroups: [discovery.k8s.io]
    resources: [endpointslices]
    verbs: [get, list, watch]
  - apiGroups: [metrics.k8s.io]
    resources: [nodes, pods]
    verbs: [get, list]
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: $NODE
  namespace: $accounts
  annotations:
    fogline/machine: "$MACHINE"
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: fogline:node:$NODE
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: fogline:node-reader
subjects:
  - kind: ServiceAccount
    name: $NODE
    namespace: $accounts
---
# A token that is good until it is deleted: a certificate could be renewed, but not be taken back.
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata:
  name: $NODE
  namespace: $accounts
  annotations:
    kubernetes.io/service-account.name: $NODE
EOT
}

# The token is written by a controller, soon after its secret is made.
token() {
  local deadline=$((SECONDS + 60)) encoded
  until encoded=$(kube get secret --namespace "$accounts" "$NODE" --output 'jsonpath={.data.token}') \
    && [ -n "$encoded" ]; do
    if [ $SECONDS -ge $deadline ]; then
      say "the cluster has made no token for its service account within 60 s"
      exit 1
    fi
    sleep 0.2
  done
  base64 -d <<<"$encoded"
}

case $1 in
  create | update)
    before=$(known_as)
    if [ -n "$before" ] && [ "$before" != "$MACHINE" ]; then
      say "another machine has this name now: the node of the former one goes, and its credentials"
      forget_node
    fi
    make_account
    token
    ;;
  delete)
    forget_node
    ;;
esac
