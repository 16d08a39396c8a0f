#!/usr/bin/env bash
# Says what differs between the program and what is really there; changes nothing.
# Usage: ci/drift.sh STACK
# Ends with 0 without a difference, 3 with one, and with Pulumi's status when it could not look.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=ci/secrets.sh
source ci/secrets.sh
stack=$1
summary=${GITHUB_STEP_SUMMARY:-/dev/null}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

secrets_of "$stack" "$work"
status=0
timeout --signal=INT --kill-after=60s "${DRIFT_MINUTES:-25}m" \
  pulumi preview --stack "$stack" --refresh --show-sames --json --non-interactive \
  >"$work/raw.json" 2>"$work/raw.log" || status=$?
if [ "$status" -ne 0 ]; then
  cat "$work/raw.json" "$work/raw.log" | masked "$work" >&2
  exit "$status"
fi
# The engine first reads every resource (`refresh`, which becomes `update` or `delete` for what it
# finds different), then compares with the program: what that comes to, its last step, is what counts.
# A difference that the program does not declare, such as a status, is `same` then. URN and operation
# alone: no value of a property, secret or not, is printed.
changed=$(jq -r '
  .steps // [] | map({key: .urn, value: .op}) | from_entries | to_entries[]
  | select(.value | IN("same", "read", "refresh") | not) | "- \(.value) `\(.key)`"
' "$work/raw.json")
if [ -z "$changed" ]; then
  echo "Stack \`$stack\`: no drift" | tee -a "$summary"
  exit 0
fi
{
  echo "### Stack \`$stack\` differs from what main declares"
  echo
  echo "$changed" | masked "$work"
  echo
  echo "Take it over with a pull request, or put it back by running the deploy workflow."
} | tee -a "$summary"
exit 3
