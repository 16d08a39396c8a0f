#!/usr/bin/env bash
# Puts a backup in the place of the Netmaker server's database. Tunnels go on meanwhile.
# Usage: fogline-netmaker-restore [FILE]   (default: the newest of /var/lib/fogline-netmaker/backups)
set -euo pipefail
umask 077
lib=/var/lib/fogline-netmaker
database=$lib/data/netmaker.db
file=${1:-$(find "$lib/backups" -name '*.db' | sort | tail -n 1)}
if [ -z "$file" ] || [ "$(sqlite3 "$file" 'PRAGMA quick_check' 2>&1)" != ok ]; then
  echo "${file:-$lib/backups} is no whole database: name another backup" >&2
  exit 1
fi
install -o fogline-netmaker -g fogline-netmaker -m 0600 "$file" "$database.part"
systemctl stop fogline-netmaker.service
if [ -e "$database" ]; then
  mv "$database" "$database.before"
fi
rm -f "$database-wal" "$database-shm"
mv "$database.part" "$database"
systemctl start fogline-netmaker.service
deadline=$((SECONDS + 60))
until curl --fail --silent --output /dev/null --max-time 5 http://127.0.0.1:8081/api/server/health; do
  if [ $SECONDS -ge $deadline ]; then
    echo "the server does not answer; the database that it had is $database.before" >&2
    exit 1
  fi
  sleep 0.2
done
echo "restored $file; what was there before is $database.before"
