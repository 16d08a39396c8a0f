#!/usr/bin/env bash
# Plans every stack of the checkout but the lab, against where the change left its base, and writes
# <stack>.plan.md (a plan) or <stack>.plan.log (why there is none) for each. Needs no secret.
# Usage: ci/plan.sh OUT BASE   (BASE: a commit or branch that the change is to land on)
# Fails, after all are planned, when one of them must not go on or cannot be planned.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1
base=$(git merge-base "$2" HEAD)
mkdir -p "$out"

make node_modules >&2
worst=0
for file in Pulumi.*.yaml; do
  stack=${file#Pulumi.}
  stack=${stack%.yaml}
  [ "$stack" != lab ] || continue
  status=0
  make --silent --no-print-directory plan STACK="$stack" BASE="$base" \
    >"$out/$stack.plan.md" 2>"$out/$stack.plan.log" || status=$?
  cat "$out/$stack.plan.log" >&2
  if [ -s "$out/$stack.plan.md" ]; then
    tee -a "${GITHUB_STEP_SUMMARY:-/dev/null}" <"$out/$stack.plan.md"
    rm "$out/$stack.plan.log"
  else
    rm "$out/$stack.plan.md"
  fi
  echo "$stack: planned, status $status" >&2
  [ "$status" -le "$worst" ] || worst=$status
done
exit "$worst"
