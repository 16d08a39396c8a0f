#!/usr/bin/env bash
# Builds the stand-ins for Netmaker's server and netclient: static, for any distribution.
# Usage: build.sh OUTDIR
# Each file is replaced at once, so that a half-written file is never executed.
set -euo pipefail

out=$(realpath -m "${1:?usage: build.sh OUTDIR}")
cd "$(dirname "${BASH_SOURCE[0]}")"

export CGO_ENABLED=0
mkdir -p "$out"
for name in netmaker netclient; do
  go build -trimpath -ldflags "-s -w" -o "$out/.$name.part" "./cmd/$name"
  mv "$out/.$name.part" "$out/$name"
done
