#!/usr/bin/env bash
# Kills the first process of a container, and all others in it with that.
# CONTAINER: its id. With cgroup v1 and v2 and with both drivers it is in the name of the container's group.
set -euo pipefail

for file in $(grep --files-with-matches --fixed-strings "$CONTAINER" /proc/[0-9]*/cgroup 2>/dev/null || true); do
  id=${file#/proc/}
  id=${id%/cgroup}
  # Number 1 in the innermost of its namespaces.
  if grep --quiet --extended-regexp '^NSpid:.*[[:space:]]1$' "/proc/$id/status" 2>/dev/null; then
    kill -s KILL "$id"
    exit 0
  fi
done
echo "no process of the container $CONTAINER runs here" >&2
exit 1
