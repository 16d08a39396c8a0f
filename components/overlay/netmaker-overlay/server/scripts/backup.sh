#!/usr/bin/env bash
# Backs up the Netmaker server's database while it runs, and keeps the last seven.
set -euo pipefail
umask 077
cd /var/lib/fogline-netmaker
mkdir -p backups
file=backups/$(date --utc +%Y%m%dT%H%M%SZ).db
rm -f "$file.part"
# A copy of the file would lack what is still in the write-ahead log.
sqlite3 data/netmaker.db "VACUUM INTO '$file.part'"
mv "$file.part" "$file"
find backups -name '*.db' | sort -r | tail -n +8 | xargs -r rm -f
echo "$PWD/$file"
