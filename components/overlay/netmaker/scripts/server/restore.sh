# shellcheck shell=bash
# Puts a backup in the place of the Netmaker server's database. Tunnels go on meanwhile.
# A program of its own after its database's part.
# Usage: fogline-netmaker-restore [FILE]   (default: the newest of /var/lib/fogline-netmaker/backups)
set -euo pipefail
shopt -s inherit_errexit
umask 077
backups=/var/lib/fogline-netmaker/backups
file=${1:-$(find "$backups" -name "*.$BACKUP_SUFFIX" | sort | tail -n 1)}
if [ -z "$file" ] || ! load_backup "$file"; then
  echo "${file:-$backups} is no whole backup: name another one; nothing was changed" >&2
  exit 1
fi
systemctl stop fogline-netmaker.service
# Whatever comes of it, the server runs again.
trap 'systemctl start fogline-netmaker.service' EXIT
before=$(swap_database)
systemctl start fogline-netmaker.service
note=${before:+; what was there before is $before}
deadline=$((SECONDS + 60))
until curl --fail --silent --output /dev/null --max-time 5 http://127.0.0.1:8081/api/server/health; do
  if [ $SECONDS -ge $deadline ]; then
    echo "the server does not answer with $file$note" >&2
    exit 1
  fi
  sleep 0.2
done
echo "restored $file$note"
