#!/usr/bin/env bash
# Starts PostgreSQL, and makes its cluster when there is none yet.
#
#   POSTGRES_PASSWORD_FILE  file with the superuser's password; needed for the first start
#   POSTGRES_USER           the superuser (default: postgres)
#   POSTGRES_DB             a database to make at the first start (default: the superuser's name)
#   PGDATA                  folder of the cluster (default: /var/lib/postgresql/data); on a volume,
#                           use a folder below its mount point
#
# Connections over the network need the password (scram-sha-256); the Unix socket, which nobody
# outside the container can reach, does not. Other variables of the official image are refused.
set -euo pipefail

POSTGRES_USER=${POSTGRES_USER:-postgres}
POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}

fail() {
  echo "postgres: $*" >&2
  exit 1
}

for unsupported in POSTGRES_PASSWORD POSTGRES_USER_FILE POSTGRES_DB_FILE POSTGRES_INITDB_ARGS \
  POSTGRES_INITDB_WALDIR POSTGRES_HOST_AUTH_METHOD; do
  [ -z "${!unsupported:-}" ] || fail "$unsupported is not supported by this image"
done

# The cluster is made beside its place and moved there when it is whole: a first start that was
# cut off leaves nothing that a second one would take for a database.
make_cluster() {
  local new="${PGDATA%/}.new"
  [ -s "${POSTGRES_PASSWORD_FILE:-}" ] ||
    fail "first start: POSTGRES_PASSWORD_FILE must name a file that holds a password"
  mkdir -p "$(dirname "$PGDATA")"
  rm -rf "$new"
  initdb --pgdata="$new" --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" \
    --auth-host=scram-sha-256 --auth-local=trust --encoding=UTF8 --locale=C.UTF-8 \
    --data-checksums --no-instructions
  printf 'host all all all scram-sha-256\n' >>"$new/pg_hba.conf"
  if [ "$POSTGRES_DB" != postgres ]; then
    # Single-user mode: no server that a readiness probe could take for the real one.
    printf 'CREATE DATABASE "%s";\n' "${POSTGRES_DB//\"/\"\"}" |
      postgres --single -D "$new" -c exit_on_error=true postgres >/dev/null
  fi
  mkdir -p "$PGDATA"
  mv -T "$new" "$PGDATA" || fail "$PGDATA cannot be replaced: is it a mount point?"
}

if [ "${1:-}" = postgres ]; then
  [ -s "$PGDATA/PG_VERSION" ] || make_cluster
  shift
  # A volume's group may have been given rights on mounting; PostgreSQL starts without them only.
  chmod 0700 "$PGDATA"
  exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql "$@"
fi
exec "$@"
