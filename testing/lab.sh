#!/usr/bin/env bash
# Runs what `make check` leaves out: the website against a real PostgreSQL, then the lab's tests
# against a lab of their own (up, tests, down). testing/summary.sh counts the reports.
# Usage: testing/lab.sh [vitest filter …]
set -euo pipefail
cd "$(dirname "$0")/.."
reports=.fogline/tests
mkdir -p "$reports"
rm -f "$reports"/{service,go,lab}.json

# run NAME COMMAND…: a run that leaves no report is one failure; one with failures is counted.
run() {
  local report=$reports/$1.json
  shift
  "$@" --reporter=default --reporter=json --outputFile.json="$report" || true
  [ -s "$report" ] || failed "$report"
}

passed() { echo '{"numPassedTests": 1, "numFailedTests": 0, "success": true}' >"$1"; }
failed() { echo '{"numPassedTests": 0, "numFailedTests": 1, "success": false}' >"$1"; }

run service npx vitest run --config vitest.service.config.ts
if make --no-print-directory up; then
  run lab nsenter --net=/run/netns/fogline-laptop \
    npx vitest run --config vitest.lab.config.ts "$@"
else
  failed "$reports/lab.json"
fi
make --no-print-directory down

# The lab's tools are built by now, so vet and tests of the K3s stand-in have little to compile.
if (cd lab/stand-ins/k3s && export CGO_ENABLED=1 \
  && go vet -trimpath ./... && go test -trimpath ./...); then
  passed "$reports/go.json"
else
  failed "$reports/go.json"
fi
