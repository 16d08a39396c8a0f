#!/usr/bin/env bash
# Builds the relay: static, for any distribution. GOARCH names another processor than this computer's.
# Usage: build.sh OUTDIR
set -euo pipefail

out=$(realpath -m "${1:?usage: build.sh OUTDIR}")
cd "$(dirname "${BASH_SOURCE[0]}")"

export CGO_ENABLED=0
mkdir -p "$out"
go build -trimpath -ldflags "-s -w" -o "$out/.relay.part" .
# At once, so that a half-written file is never executed.
mv "$out/.relay.part" "$out/relay"
