# shellcheck shell=bash
# Tells K3s of image registries: mirrors, logins, certificate authorities; part of install.sh.
# Values: those of files.sh, REGISTRIES (registries.yaml, which may hold passwords; empty for none), AUTHORITIES (a
#         line for each certificate authority: name of its file, its text in base64)
# shellcheck disable=SC2154 # etc: of install.sh
set -euo pipefail
write_registries() {
  local folder=$etc/registries name text file
  # containerd reads them at each pull: K3s need not start anew for another one.
  while read -r name text; do
    [ -z "$name" ] || put "$folder/$name" 0600 "$(base64 -d <<<"$text")"
  done <<<"$AUTHORITIES"
  if [ -n "$REGISTRIES" ]; then
    put "$etc/registries.yaml" 0600 "$REGISTRIES"
  else
    rm -f "$etc/registries.yaml"
  fi
  for file in "$folder"/*.pem; do
    if [ -e "$file" ] && ! grep -q "^${file##*/} " <<<"$AUTHORITIES"; then
      rm -f "$file"
    fi
  done
}
