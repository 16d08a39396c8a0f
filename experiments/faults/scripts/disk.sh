#!/usr/bin/env bash
# Fills a file system to the last byte, or empties it again; and gives a folder a small file system of its own, in
# memory, where its disk is its host's.
# ACTION: limit | fill | empty | restore
# FOLDER: a folder of the file system; for limit and restore one that nobody uses meanwhile
# OF: machine | database
# SPACE: MiB that limit leaves beside what is there
set -euo pipefail
file=$FOLDER/fogline-fault-full
# Whole once it has this name.
copy=$FOLDER.fogline-copy

is_contained() { systemd-detect-virt --container --quiet; }
is_limited() { [ "$(findmnt --noheadings --output FSTYPE --mountpoint "$FOLDER")" = tmpfs ]; }
free() { echo $(($(stat --file-system --format='%f * %S' "$FOLDER"))); }

limit() {
  is_contained || {
    echo "the volume is on this machine's own disk, which has an end. fix: fill that (of: machine)" >&2
    exit 1
  }
  ! is_limited || return 0
  local there used
  used=$(du --summarize --block-size=1M "$FOLDER" | cut -f1)
  there=$(mktemp --directory /run/fogline-fault.XXXXXX)
  mount -t tmpfs -o "size=$((used + SPACE))m" tmpfs "$there"
  cp --archive "$FOLDER/." "$there"
  # The old folder stays below, as it was.
  mount --bind "$there" "$FOLDER"
  umount "$there"
  rmdir "$there"
}

fill() {
  if [ "$OF" = machine ] && is_contained; then
    echo "the disk of this machine is a folder of its host, which would be filled with it. fix: of: database" >&2
    exit 1
  fi
  if [ "$OF" = database ] && ! is_limited; then
    echo "$FOLDER has no file system of its own" >&2
    exit 1
  fi
  # As much as fits at once; what it leaves, byte by byte until there is no more.
  fallocate --length "$(free)" "$file" 2>/dev/null || true
  cat /dev/zero >>"$file" 2>/dev/null || true
  sync --file-system "$FOLDER"
  [ "$(free)" = 0 ] || {
    echo "$FOLDER still has $(free) bytes" >&2
    exit 1
  }
}

restore() {
  # Ended in the middle of what follows, it goes on with a whole copy, and makes half of one anew.
  if [ ! -e "$copy" ]; then
    is_limited || return 0
    rm --recursive --force "$copy.part"
    cp --archive "$FOLDER" "$copy.part"
    sync --file-system "$copy.part"
    mv "$copy.part" "$copy"
  fi
  ! is_limited || umount "$FOLDER"
  rm --recursive --force "$FOLDER"
  mv "$copy" "$FOLDER"
}

case $ACTION in
  limit) limit ;;
  fill) fill ;;
  empty) rm --force "$file" ;;
  restore)
    rm --force "$file"
    restore
    ;;
  *)
    echo "unknown action $ACTION" >&2
    exit 2
    ;;
esac
