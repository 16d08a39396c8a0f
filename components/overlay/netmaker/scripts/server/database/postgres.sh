#!/usr/bin/env bash
# Netmaker's records in PostgreSQL: a database and a role of the server's own in the distribution's
# cluster, which listens on the loopback address alone. sqlite.sh has the same functions for SQLite.
# shellcheck disable=SC2034 # constants are read by the scripts that this is a part of
set -euo pipefail
DATABASE=postgres
DATABASE_PACKAGE=postgresql
BACKUP_SUFFIX=dump
# Name of the database and of its role.
records=fogline_netmaker
# Makes an empty one, for PostgreSQL's format() to fill its name in.
create="CREATE DATABASE %I OWNER $records TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8''"

# as_postgres COMMAND…: as PostgreSQL's administrator, who needs no password.
as_postgres() { (cd / && runuser -u postgres -- "$@"); }

# sql: runs statements from stdin, which no process list shows, and prints bare values.
sql() { as_postgres psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1; }

# make_database: makes what is not there; database_marks are then the marks of the server's settings and what
# is filled in for them.
make_database() {
  local password port
  systemctl enable --quiet --now postgresql.service
  port=$(sql <<<'SHOW port') || failed "PostgreSQL does not answer" 'postgresql@*'
  password=$(kept database-password)
  sql >&2 <<END
SELECT 'CREATE ROLE $records LOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$records') \gexec
ALTER ROLE $records PASSWORD '$password';
SELECT format('$create', '$records')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '$records') \gexec
END
  database_marks=(SQL_PORT "$port" RECORDS "$records" SQL_PASSWORD "$password")
}

# remove_database: with what was restored over; the package stays, as others do.
remove_database() {
  systemctl start postgresql.service
  sql >&2 <<END
SET client_min_messages = warning;
DROP DATABASE IF EXISTS $records WITH (FORCE);
DROP DATABASE IF EXISTS ${records}_part WITH (FORCE);
DROP DATABASE IF EXISTS ${records}_before WITH (FORCE);
DROP ROLE IF EXISTS $records;
END
  # It runs on for somebody else's databases alone.
  if [ "$(sql <<<"SELECT count(*) FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'")" = 0 ]; then
    systemctl disable --quiet --now postgresql.service
  fi
}

# dump_database FILE: as the server's user with the server's settings, while the server runs.
dump_database() {
  PGHOST=$SQL_HOST PGPORT=$SQL_PORT PGUSER=$SQL_USER PGPASSWORD=$SQL_PASS \
    pg_dump --format=custom --file="$1" "$SQL_DB"
}

# load_backup FILE: puts it beside the server's database; fails for what is no whole backup.
load_backup() {
  sql <<END || return 1
SET client_min_messages = warning;
DROP DATABASE IF EXISTS ${records}_part WITH (FORCE);
SELECT format('$create', '${records}_part') \gexec
END
  as_postgres pg_restore --exit-on-error --single-transaction --no-owner --role=$records \
    --dbname=${records}_part <"$1" || {
    sql <<<"DROP DATABASE ${records}_part"
    return 1
  }
}

# swap_database: has what was loaded take the place of the stopped server's; prints where that is now.
swap_database() {
  sql <<END
SET client_min_messages = warning;
DROP DATABASE IF EXISTS ${records}_before WITH (FORCE);
BEGIN;
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '$records' \g /dev/null
SELECT 'ALTER DATABASE $records RENAME TO ${records}_before; SELECT ''the database ${records}_before'''
  WHERE EXISTS (SELECT FROM pg_database WHERE datname = '$records') \gexec
ALTER DATABASE ${records}_part RENAME TO $records;
COMMIT;
END
}
