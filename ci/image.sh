#!/usr/bin/env bash
# Builds the website's image for amd64 and arm64, pushes it with an SBOM and its provenance, signs it
# by digest and verifies what the registry now has.
# Usage: ci/image.sh REPOSITORY TAG   (e.g. ghcr.io/someone/fogline-website v1.2.3)
# IDENTITY: regular expression of who may have signed; ISSUER: who vouches for them.
# Prints the image by digest: what `website.image` takes.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=${1,,}
tag=$2
platforms=(linux/amd64 linux/arm64)
node=docker.io/library/node:20-slim
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Looked up once, so that both architectures are of the same release; the provenance records it.
base=$node@$(docker buildx imagetools inspect "$node" --format '{{.Manifest.Digest}}')
docker buildx build apps/website/service --build-arg "BASE=$base" \
  --platform "$(IFS=,; echo "${platforms[*]}")" --sbom=true --provenance=mode=max \
  --tag "$repository:$tag" --push --metadata-file "$work/metadata.json" >&2
digest=$(jq -er '."containerimage.digest"' "$work/metadata.json")
image=$repository@$digest

docker buildx imagetools inspect "$image" --raw >"$work/index.json"
for platform in "${platforms[@]}"; do
  jq -e --arg wanted "$platform" \
    'any(.manifests[].platform; "\(.os)/\(.architecture)" == $wanted)' "$work/index.json" >/dev/null || {
    echo "$image has no $platform: not signed" >&2
    exit 1
  }
  docker buildx imagetools inspect "$image" --format "{{json (index .SBOM \"$platform\").SPDX}}" \
    | jq -e '(.packages | length) > 0' >/dev/null || {
    echo "$image has no SBOM for $platform: not signed" >&2
    exit 1
  }
done

cosign sign --yes "$image" >&2
cosign verify "$image" --certificate-identity-regexp "$IDENTITY" \
  --certificate-oidc-issuer "$ISSUER" >/dev/null
echo "Signed for ${platforms[*]}: \`$image\`" >>"${GITHUB_STEP_SUMMARY:-/dev/stderr}"
echo "$image"
