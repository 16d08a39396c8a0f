#!/usr/bin/env bash
# Previews one stack against its real state and writes <stack>.preview.log, secrets masked.
# Usage: ci/preview.sh STACK OUT   (logged in to the cloud and to the state's back end)
# Ends with the preview's status.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=ci/secrets.sh
source ci/secrets.sh
stack=$1
out=$2
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

secrets_of "$stack" "$work"
status=0
timeout --signal=INT --kill-after=60s "${PREVIEW_MINUTES:-15}m" \
  pulumi preview --stack "$stack" --diff --non-interactive --color never \
  --policy-pack policy --suppress-permalink \
  >"$work/raw.log" 2>&1 || status=$?
masked "$work" <"$work/raw.log" >"$out/$stack.preview.log"
cat "$out/$stack.preview.log"
exit "$status"
