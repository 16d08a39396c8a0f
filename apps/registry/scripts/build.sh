# shellcheck shell=bash
# Builds an image from this checkout and puts it into the cluster's registry; prints its digest and its size.
# Values: INPUT (JSON for build/main.ts, which holds a kubeconfig); VOLUME and DISKS, which change when
#         the registry's volume may be another one.
set -euo pipefail
if [ "$1" = delete ]; then
  # The registry keeps the image until it goes itself.
  exit 0
fi
program=apps/registry/build/main.ts
checkout=$PWD
until [ -e "$checkout/$program" ]; do
  if [ "$checkout" = / ]; then
    echo "$program is not found above $PWD: run pulumi in the checkout" >&2
    exit 1
  fi
  checkout=$(dirname "$checkout")
done
cd "$checkout"
printf '%s' "$INPUT" | node --import tsx "$program"
