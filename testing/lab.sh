#!/usr/bin/env bash
# Runs what `make check` leaves out: the website against a real PostgreSQL, then the lab's tests
# against a lab of their own, from none to none. testing/summary.sh counts the reports.
# Usage: testing/lab.sh [--keep-failed] [--overlay=netmaker | --long] [vitest filter …]
#   --keep-failed       leave the machines for inspection when a test failed; `make down` removes them
#   --overlay=netmaker  run the lab's own story alone, on an overlay of that kind
#   --long              run what takes minutes instead: `make check` on a Debian that has only git, make
#                       and Node, and a restart of the computer under a lab
#   filter              run only the lab's tests whose file name contains it, on a plain `make up`
set -euo pipefail
cd "$(dirname "$0")/.."
# Options of the tests are none of the commands that these call.
unset MAKEFLAGS ARGS
reports=.fogline/tests
mkdir -p "$reports"
rm -f "$reports"/{service,contract,go,workflows,stack,netmaker,up,browser,lab,down,fresh,restart}.json

keep_failed=no
overlay=wireguard
long=no
while [[ ${1:-} == -* ]]; do
  case $1 in
    --keep-failed) keep_failed=yes ;;
    --overlay=netmaker) overlay=netmaker ;;
    --long) long=yes ;;
    *)
      echo "unknown option $1; usage: testing/lab.sh [--keep-failed] [--overlay=netmaker | --long] [vitest filter …]" >&2
      exit 2
      ;;
  esac
  shift
done
if [ $overlay = netmaker ]; then
  export STACK_FILE=$PWD/$reports/netmaker.yaml
  sed 's/^  fogline:overlay:/&\n    kind: netmaker/' Pulumi.lab.yaml >"$STACK_FILE"
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

host() { run "$1" npx vitest run --project=host "$2"; }
inside() {
  run lab nsenter --net=/run/netns/fogline-laptop \
    npx vitest run --project=lab "$@"
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

# begin: no lab stands, and what is there without one is written down.
begin() {
  make --no-print-directory down
  ./testing/traces.sh >"$reports/before.txt"
}

# story: the lab's way up with all that can go wrong, and all that is tried on it, until it is gone.
story() {
  host up interrupted
  if [ -e .fogline/lab/outputs.json ] && make --no-print-directory up; then
    host browser browser
    inside
  else
    failed "$reports/lab.json"
  fi
  stay_if_failed
  try down nothing_left "$reports/before.txt"
}

if [ $# -gt 0 ]; then
  make --no-print-directory up
  inside "$@"
  stay_if_failed
  make --no-print-directory down
elif [ $long = yes ]; then
  try fresh node --import tsx testing/fresh.ts
  begin
  make --no-print-directory up
  host restart restart
  stay_if_failed
  try down nothing_left "$reports/before.txt"
elif [ $overlay = netmaker ]; then
  begin
  story
else
  ./testing/workflows.sh || true # its report counts it
  run service npx vitest run --project=slow
  run contract node --import tsx testing/contract.ts
  begin
  host stack stack
  stay_if_failed
  host netmaker netmaker
  stay_if_failed
  story
  # The lab's tools are built by now, so vet and tests of the K3s stand-in have little to compile.
  try go go_tests
fi
