#!/usr/bin/env bash
# Runs the lab's tests against a lab of their own: up, tests, down. Their report goes where
# testing/summary.sh counts it. Usage: testing/lab.sh [vitest filter …]
set -euo pipefail
cd "$(dirname "$0")/.."
report=.fogline/tests/lab.json
mkdir -p "${report%/*}"
rm -f "$report"

# A lab that does not come up is one failure, and the tests that need it do not run.
broken() {
  echo '{"numPassedTests": 0, "numFailedTests": 1, "success": false}' >"$report"
  make --no-print-directory down
}

if ! make --no-print-directory up; then
  broken
  exit 0
fi
nsenter --net=/run/netns/fogline-laptop npx vitest run --config vitest.lab.config.ts \
  --reporter=default --reporter=json --outputFile.json="$report" "$@" || true
[ -s "$report" ] || broken
make --no-print-directory down
