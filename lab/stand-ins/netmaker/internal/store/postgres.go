package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// patience is the timeout of connecting to PostgreSQL, as in the official server.
const patience = 5 * time.Second

// openPostgres reaches a database that exists; it is asked for at the first statement.
func openPostgres(url string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.ConnectTimeout = patience
	// A connection that PostgreSQL ended meanwhile is replaced before a change fails on it.
	asked := stdlib.OptionShouldPing(func(context.Context, stdlib.ShouldPingParams) bool { return true })
	return stdlib.OpenDB(*config, asked), nil
}
