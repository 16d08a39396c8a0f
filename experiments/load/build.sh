#!/usr/bin/env bash
# Builds the load generator: static, for any distribution.
# Usage: build.sh OUTDIR
set -euo pipefail

out=$(realpath -m "${1:?usage: build.sh OUTDIR}")
cd "$(dirname "${BASH_SOURCE[0]}")"

export CGO_ENABLED=0
mkdir -p "$out"
go build -trimpath -ldflags "-s -w" -o "$out/.load.part" .
# At once, so that a half-written file is never executed.
mv "$out/.load.part" "$out/load"
