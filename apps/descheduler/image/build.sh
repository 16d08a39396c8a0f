#!/usr/bin/env bash
# Builds the Kubernetes descheduler, which its makers publish as an image and a Go module.
# Usage: build.sh OUTDIR
set -euo pipefail

out=$(realpath -m "${1:?usage: build.sh OUTDIR}")
cd "$(dirname "${BASH_SOURCE[0]}")"

# The program takes its version from a stamp of this form alone: date of the release, then its name.
stamp=v20260519-v0.36.0

# Flags are those of lab/stand-ins/k3s/build.sh: packages that both hold are compiled once.
export CGO_ENABLED=1
mkdir -p "$out"
go build -trimpath -o "$out/descheduler" \
  -ldflags "-s -w -linkmode external -extldflags '-static -Wl,--no-warnings' \
    -X sigs.k8s.io/descheduler/pkg/version.version=$stamp" .
