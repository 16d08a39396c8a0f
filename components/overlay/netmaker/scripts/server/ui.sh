# shellcheck shell=bash
# The web application of Netmaker, which the proxy serves beside the API; part of the server's installation.
# Values: UI_URL, UI_SHA256 (of a .tar.gz of its built files), UI (folder of the one that is served, whose
#         name ends with its sum); all empty for none
set -euo pipefail

# unpack_ui: puts the application into its folder.
unpack_ui() {
  local part=$UI.part
  if [ -z "$UI" ] || [ -d "$UI" ]; then
    return
  fi
  rm -rf "$part"
  fetch_pinned "Netmaker's web application" "$UI_URL" "$UI_SHA256" "$part/archive"
  mkdir "$part/files"
  tar --extract --gzip --no-same-owner --file="$part/archive" --directory="$part/files" || {
    say "what is at $UI_URL is no .tar.gz: refused, nothing installed"
    rm -rf "$part"
    exit 1
  }
  if [ ! -f "$part/files/index.html" ]; then
    say "the archive at $UI_URL has no index.html at its top: pack the files, not the folder they are in"
    rm -rf "$part"
    exit 1
  fi
  chmod -R u=rwX,go=rX "$part/files"
  mv "$part/files" "$UI"
  rm -rf "$part"
}

# forget_uis [FOLDER]: removes every application but this one.
forget_uis() {
  local each
  for each in /usr/local/share/fogline-netmaker-ui-*; do
    [ "$each" = "${1:-}" ] || rm -rf "$each"
  done
}
