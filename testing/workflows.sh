#!/usr/bin/env bash
# Checks the workflows with actionlint, and their `run` lines with shellcheck. It is a Go module, so
# the first run needs the module proxy. Leaves .fogline/tests/workflows.json for testing/summary.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
report=.fogline/tests/workflows.json
mkdir -p "$(dirname "$report")"
status=0
actionlint=$PWD/.fogline/tests/actionlint
(cd testing/actionlint && go build -o "$actionlint" github.com/rhysd/actionlint/cmd/actionlint) \
  && "$actionlint" -shellcheck "$(command -v shellcheck)" || status=$?
if [ "$status" -eq 0 ]; then
  echo '{"numPassedTests": 1, "numFailedTests": 0, "success": true}' >"$report"
else
  echo '{"numPassedTests": 0, "numFailedTests": 1, "success": false}' >"$report"
fi
exit "$status"
