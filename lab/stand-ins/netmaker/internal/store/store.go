// Package store keeps the server's records in SQLite or PostgreSQL. Every change is a transaction: it is
// whole or it never was.
package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// ErrNotFound says that there is no such record.
var ErrNotFound = errors.New("no result found")

// Store is an open database.
type Store struct{ db *sql.DB }

// Open opens a database and makes what it needs there: PostgreSQL by its postgres:// URL, SQLite by its
// file.
func Open(database string) (*Store, error) {
	open, collation, name := openSQLite, "BINARY", database
	if url, err := url.Parse(database); err == nil && url.Scheme == "postgres" {
		// The URL has the password.
		open, collation, name = openPostgres, `"C"`, "the PostgreSQL database "+strings.TrimPrefix(url.Path, "/")
	}
	db, err := open(database)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	// One transaction after the other: with one connection waiting is ours, and none has to be repeated.
	db.SetMaxOpenConns(1)
	// Records are sorted by their bytes, wherever they are.
	_, err = db.Exec(`CREATE TABLE IF NOT EXISTS records (
		kind TEXT NOT NULL, id TEXT COLLATE ` + collation + ` NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id))`)
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	return &Store{db}, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Tx is one transaction.
type Tx struct {
	tx *sql.Tx
	// Changed reports whether anything was written.
	Changed bool
}

// Do runs work in a transaction, which is kept when work returns no error. It reports whether anything
// changed.
func (s *Store) Do(ctx context.Context, work func(*Tx) error) (changed bool, err error) {
	inner, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return false, failed(err)
	}
	defer inner.Rollback()
	tx := &Tx{tx: inner}
	if err := work(tx); err != nil {
		return false, err
	}
	if err := inner.Commit(); err != nil {
		return false, failed(err)
	}
	return tx.Changed, nil
}

// failed marks an error as the database's.
func failed(err error) error {
	if err != nil {
		err = fmt.Errorf("database: %w", err)
	}
	return err
}

// Table is all records of one kind.
type Table[T any] struct{ kind string }

// Get reads a record.
//
// Returns ErrNotFound where there is none.
func (t Table[T]) Get(tx *Tx, id string) (T, error) {
	var value T
	var body string
	err := tx.tx.QueryRow("SELECT body FROM records WHERE kind = $1 AND id = $2", t.kind, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return value, ErrNotFound
	}
	if err != nil {
		return value, failed(err)
	}
	return value, t.decode(id, body, &value)
}

// Has reports whether there is such a record.
func (t Table[T]) Has(tx *Tx, id string) (bool, error) {
	_, err := t.Get(tx, id)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// List reads all records, sorted by id.
func (t Table[T]) List(tx *Tx) ([]T, error) {
	rows, err := tx.tx.Query("SELECT id, body FROM records WHERE kind = $1 ORDER BY id", t.kind)
	if err != nil {
		return nil, failed(err)
	}
	defer rows.Close()
	all := []T{}
	for rows.Next() {
		var id, body string
		if err := rows.Scan(&id, &body); err != nil {
			return nil, failed(err)
		}
		var value T
		if err := t.decode(id, body, &value); err != nil {
			return nil, err
		}
		all = append(all, value)
	}
	return all, failed(rows.Err())
}

// Where reads the records that are asked for, sorted by id.
func (t Table[T]) Where(tx *Tx, wanted func(T) bool) ([]T, error) {
	all, err := t.List(tx)
	return slices.DeleteFunc(all, func(value T) bool { return !wanted(value) }), err
}

// Each does something with the records that are asked for, sorted by id, and joins what fails.
func (t Table[T]) Each(tx *Tx, wanted func(T) bool, do func(T) error) error {
	found, err := t.Where(tx, wanted)
	errs := []error{err}
	for _, value := range found {
		errs = append(errs, do(value))
	}
	return errors.Join(errs...)
}

// Put writes a record.
func (t Table[T]) Put(tx *Tx, id string, value T) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	tx.Changed = true
	_, err = tx.tx.Exec(`INSERT INTO records (kind, id, body) VALUES ($1, $2, $3)
		ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body`, t.kind, id, string(body))
	return failed(err)
}

// Delete removes a record; that there is none is no error.
func (t Table[T]) Delete(tx *Tx, id string) error {
	tx.Changed = true
	_, err := tx.tx.Exec("DELETE FROM records WHERE kind = $1 AND id = $2", t.kind, id)
	return failed(err)
}

func (t Table[T]) decode(id, body string, value *T) error {
	if err := json.Unmarshal([]byte(body), value); err != nil {
		return failed(fmt.Errorf("record %s of %s: %w", id, t.kind, err))
	}
	return nil
}
