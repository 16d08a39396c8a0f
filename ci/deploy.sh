#!/usr/bin/env bash
# Brings one stack up, secrets masked in what it prints. The CLI previews first and changes nothing
# when that fails: the replacement of something protected, or what a policy forbids, would otherwise
# come to light half-way. The update gets an interrupt, never a kill,
# when it takes too long, so that the engine records what was done and gives its lock back.
# Usage: ci/deploy.sh STACK
# Ends with the update's status; 75 (try again) when another update holds the stack's lock.
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
timeout --signal=INT "${DEPLOY_MINUTES:-50}m" \
  pulumi up --stack "$stack" --yes --diff --non-interactive --color never \
  --policy-pack policy --suppress-permalink \
  >"$work/raw.log" 2>&1 || status=$?
# An update makes secrets of its own: they are known only now.
secrets_of "$stack" "$work" || {
  echo "the update ended with status $status; its log is withheld, as the stack's secrets cannot be read to mask it" >&2
  exit 1
}
masked "$work" <"$work/raw.log" >"$work/safe.log"
cat "$work/safe.log"

mapfile -t locks < <(grep -A20 'currently locked by' "$work/safe.log")
if [ ${#locks[@]} -gt 0 ]; then
  {
    echo "### Stack \`$stack\` is locked: nothing was changed"
    echo
    # Indented: a block of code.
    printf '    %s\n' "${locks[@]}"
    echo
    echo "1. Look whether that update still runs: the host and process above, or another run of this workflow."
    echo "2. If it runs, wait and run this job again."
    echo "3. If it is dead: \`pulumi cancel --stack $stack\`, then \`pulumi refresh --stack $stack\`, then run this job again."
  } | tee -a "$summary"
  exit 75
fi
echo "Stack \`$stack\`: $([ "$status" -eq 0 ] && echo "up" || echo "failed with status $status, see the log; run the job again to go on")" | tee -a "$summary"
exit "$status"
