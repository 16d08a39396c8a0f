# shellcheck shell=bash
# Backs up the Netmaker server's database while it runs, and keeps the last seven.
# A program of its own after its database's part.
set -euo pipefail
umask 077
cd /var/lib/fogline-netmaker
mkdir -p backups
file=$PWD/backups/$(date --utc +%Y%m%dT%H%M%SZ).$BACKUP_SUFFIX
dump_database "$file.part"
mv "$file.part" "$file"
find backups -name "*.$BACKUP_SUFFIX" | sort -r | tail -n +8 | xargs -r rm -f
echo "$file"
