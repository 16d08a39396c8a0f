package store

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // SQLite without C
)

// openSQLite opens a file that nobody else may read, and makes it where there is none.
func openSQLite(path string) (*sql.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	file.Close()
	// FULL waits for the disk at each commit: what was answered survives a power cut.
	options := "?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	return sql.Open("sqlite", "file:"+path+options)
}

// Limit ends the growth of a database of SQLite at a number of pages, or at its present size where that
// is more, as a full disk would; 0 ends the limit. For tests.
func (s *Store) Limit(pages int) error {
	if pages == 0 {
		pages = 1 << 30
	}
	_, err := s.db.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages))
	return err
}
