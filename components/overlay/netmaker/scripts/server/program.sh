# shellcheck shell=bash
# Fetches a program that is pinned by its sum; part of the scripts that run one.
# Values: those of files.sh, URL, SHA256
programs=/usr/local/lib/fogline-netmaker

# fetch_program NAME: puts NAME-<sum> into the programs' folder and prints its path.
fetch_program() {
  local file=$programs/$1-$SHA256
  if [ ! -x "$file" ]; then
    fetch_pinned "$1" "$URL" "$SHA256" "$file.part"
    chmod 0755 "$file.part"
    mv "$file.part" "$file"
  fi
  echo "$file"
}

# forget_program NAME: removes every release of it.
forget_program() {
  rm -f "$programs/$1"-*
  [ ! -d "$programs" ] || rmdir --ignore-fail-on-non-empty "$programs"
}
