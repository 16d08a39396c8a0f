#!/usr/bin/env bash
# Builds the stand-in for K3s and the four programs of its add-on images.
# Usage: build.sh OUTDIR
# Each file is replaced at once, so that a half-written file is never executed.
set -euo pipefail

out=$(realpath -m "${1:?usage: build.sh OUTDIR}")
cd "$(dirname "${BASH_SOURCE[0]}")"

VERSION=v1.36.3+k3s1
version=k8s.io/component-base/version
stamps="-X $version.gitVersion=$VERSION -X $version.gitMajor=1 -X $version.gitMinor=36"
stamps+=" -X $version.gitTreeState=clean -X $version.gitCommit=stand-in -X fogline/lab/k3s/internal/release.Version=$VERSION"

# SQLite is C, so the compiler is needed; linked statically the files run on any distribution.
export CGO_ENABLED=1

build() { # NAME PACKAGE STAMPS
  local part=$out/.$1.part
  go build -trimpath -o "$part" \
    -ldflags "-s -w -linkmode external -extldflags '-static -Wl,--no-warnings' $3" "$2"
  mv "$part" "$out/$1"
}

mkdir -p "$out"
build pause ./cmd/pause ""
build coredns ./cmd/coredns ""
build metrics-server ./cmd/metrics-server "-X k8s.io/client-go/pkg/version.gitVersion=v0.9.0"
build local-path-provisioner github.com/rancher/local-path-provisioner "-X main.VERSION=v0.0.30"
build k3s . "$stamps"
