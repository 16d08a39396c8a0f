#!/usr/bin/env bash
# Runs what `make check` leaves out: the website against a real PostgreSQL, then the lab's tests
# against a lab of their own, from none to none. testing/summary.sh counts the reports.
# Usage: testing/lab.sh [--keep-failed] [vitest filter …]
#   --keep-failed  leave the machines for inspection when a test failed; `make down` removes them
#   filter         run only the lab's tests whose file name contains it, on a plain `make up`
set -euo pipefail
cd "$(dirname "$0")/.."
reports=.fogline/tests
mkdir -p "$reports"
rm -f "$reports"/{service,contract,go,workflows,stack,netmaker,up,browser,lab,down}.json

keep_failed=no
if [ "${1:-}" = --keep-failed ]; then
  keep_failed=yes
  shift
elif [[ ${1:-} == -* ]]; then
  echo "unknown option $1; usage: testing/lab.sh [--keep-failed] [vitest filter …]" >&2
  exit 2
fi

# run NAME COMMAND…: a run that leaves no report is one failure; one with failures is counted.
run() {
  local report=$reports/$1.json
  shift
  "$@" --reporter=default --reporter=json --outputFile.json="$report" || true
  [ -s "$report" ] || failed "$report"
}

# try NAME COMMAND…: a command that is one test.
try() {
  local report=$reports/$1.json
  shift
  if "$@"; then passed "$report"; else failed "$report"; fi
}

passed() { echo '{"numPassedTests": 1, "numFailedTests": 0, "success": true}' >"$1"; }
failed() { echo '{"numPassedTests": 0, "numFailedTests": 1, "success": false}' >"$1"; }

host() { run "$1" npx vitest run --config vitest.host.config.ts "$2"; }
inside() {
  run lab nsenter --net=/run/netns/fogline-laptop \
    npx vitest run --config vitest.lab.config.ts "$@"
}

go_tests() {
  (export CGO_ENABLED=1 \
    && cd lab/stand-ins/k3s && go vet -trimpath ./... && go test -trimpath ./... \
    && cd ../../images/descheduler && go vet -trimpath ./...) \
    && (cd lab/stand-ins/netmaker && go vet -trimpath ./... && go test -trimpath ./...)
}

# nothing_left BEFORE: the lab is down and left nothing that was not there before.
nothing_left() {
  make --no-print-directory down && diff "$1" <(./testing/traces.sh)
}

# With --keep-failed the first lab on which a test failed stays.
stay_if_failed() {
  if [ $keep_failed = yes ] && ! ./testing/summary.sh >/dev/null; then
    echo "a test failed: the machines stay; look with make status and make logs, end with make down"
    exit 0
  fi
}

if [ $# -gt 0 ]; then
  make --no-print-directory up
  inside "$@"
else
  ./testing/workflows.sh || true # its report counts it
  run service npx vitest run --config vitest.service.config.ts
  run contract node --import tsx testing/contract.ts
  make --no-print-directory down
  ./testing/traces.sh >"$reports/before.txt"
  host stack stack
  stay_if_failed
  host netmaker netmaker
  stay_if_failed
  host up interrupted
  if [ -e .fogline/lab/outputs.json ] && make --no-print-directory up; then
    host browser browser
    inside
  else
    failed "$reports/lab.json"
  fi
fi

stay_if_failed
if [ $# -eq 0 ]; then
  try down nothing_left "$reports/before.txt"
  # The lab's tools are built by now, so vet and tests of the K3s stand-in have little to compile.
  try go go_tests
else
  make --no-print-directory down
fi
