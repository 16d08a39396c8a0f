# shellcheck shell=bash
# Gives a machine its identity in the cluster, a service account that may read and nothing else, before
# its agent joins; takes the node away when the agent is gone, or another machine has its name. Runs on
# the server.
# Values: those of api.sh, MACHINE (what tells the machine from another one of its name), ACCOUNT (the
#         service account and what belongs to it, as YAML)
# Parts before it: files.sh, api.sh
# Prints the token of the service account.
set -euo pipefail
known_as() {
  kube get serviceaccount --namespace "$ACCOUNTS" "$NODE" --ignore-not-found \
    --output 'jsonpath={.metadata.annotations.fogline/machine}'
}

# The token is written by a controller, soon after its secret is made.
token() {
  local deadline=$((SECONDS + 60)) encoded
  until encoded=$(kube get secret --namespace "$ACCOUNTS" "$NODE" --output 'jsonpath={.data.token}') \
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
    kube apply --filename - >&2 <<<"$ACCOUNT"
    token
    ;;
  delete)
    forget_node
    ;;
esac
