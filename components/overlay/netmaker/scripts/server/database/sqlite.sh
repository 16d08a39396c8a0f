#!/usr/bin/env bash
# Netmaker's records in SQLite: a file in the server's own folder. postgres.sh has the same functions for
# PostgreSQL; one of the two is a part of the installation, of the backup and of the restoring.
# shellcheck disable=SC2034 # constants are read by the scripts that this is a part of
set -euo pipefail
DATABASE=sqlite
DATABASE_PACKAGE=sqlite3
# Ending of a backup's name.
BACKUP_SUFFIX=db
records=/var/lib/fogline-netmaker/data/netmaker.db

# Marks of the server's settings and what is filled in for them.
database_marks=()

# make_database: the server makes it.
make_database() { :; }

# remove_database: it goes with the server's folder.
remove_database() { :; }

# dump_database FILE: as the server's user, while the server runs.
dump_database() {
  rm -f "$1"
  # A copy of the file would lack what is still in the write-ahead log.
  sqlite3 "$records" "VACUUM INTO '$1'"
}

# load_backup FILE: puts it beside the server's database; fails for what is no whole backup.
load_backup() {
  [ -s "$1" ] && [ "$(sqlite3 "$1" 'PRAGMA quick_check' 2>&1)" = ok ] \
    && install -o fogline-netmaker -g fogline-netmaker -m 0600 "$1" "$records.part"
}

# swap_database: has what was loaded take the place of the stopped server's; prints where that is now.
swap_database() {
  if [ -e "$records" ]; then
    mv "$records" "$records.before"
    echo "$records.before"
  fi
  rm -f "$records-wal" "$records-shm"
  mv "$records.part" "$records"
}
