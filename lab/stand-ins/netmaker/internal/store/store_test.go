package store

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fogline/lab/netmaker/internal/model"
)

// inEach runs a test on an empty database of each kind.
func inEach(t *testing.T, test func(t *testing.T, database string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "data", "netmaker.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, cluster(t).database(t)) })
}

func open(t *testing.T, database string) *Store {
	t.Helper()
	db, err := Open(database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func put(db *Store, name, created string) error {
	_, err := db.Do(context.Background(), func(tx *Tx) error {
		return Networks.Put(tx, name, model.Network{Name: name, CreatedBy: created})
	})
	return err
}

func names(t *testing.T, db *Store) (found []string) {
	_, err := db.Do(context.Background(), func(tx *Tx) error {
		all, err := Networks.List(tx)
		for _, each := range all {
			found = append(found, each.Name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestRecordsOutliveTheServer(t *testing.T) {
	inEach(t, func(t *testing.T, database string) {
		db := open(t, database)
		for _, created := range []string{"first", "again"} {
			if err := put(db, "one", created); err != nil {
				t.Fatal(err)
			}
		}
		db.Close()
		if found := names(t, open(t, database)); !slices.Equal(found, []string{"one"}) {
			t.Errorf("found %v", found)
		}
	})
}

func TestAFailedChangeLeavesNothing(t *testing.T) {
	inEach(t, func(t *testing.T, database string) {
		db := open(t, database)
		_, err := db.Do(context.Background(), func(tx *Tx) error {
			if err := Networks.Put(tx, "half", model.Network{Name: "half"}); err != nil {
				return err
			}
			return errors.New("the other half failed")
		})
		if err == nil || len(names(t, db)) != 0 {
			t.Errorf("error %v, found %v", err, names(t, db))
		}
	})
}

func TestRecordsAreSortedByTheirBytes(t *testing.T) {
	inEach(t, func(t *testing.T, database string) {
		db := open(t, database)
		sorted := []string{"A-1", "B", "a_b", "ab", "ä"}
		for _, name := range []string{"ä", "ab", "B", "a_b", "A-1", "gone"} {
			if err := put(db, name, ""); err != nil {
				t.Fatal(err)
			}
		}
		_, err := db.Do(context.Background(), func(tx *Tx) error { return Networks.Delete(tx, "gone") })
		if found := names(t, db); err != nil || !slices.Equal(found, sorted) {
			t.Errorf("found %v, %v", found, err)
		}
	})
}

func TestADatabaseThatDoesNotAnswerIsNamedWithoutItsPassword(t *testing.T) {
	_, err := Open("postgres://netmaker:hidden@/netmaker?host=" + t.TempDir() + "&sslmode=disable")
	if err == nil || !strings.Contains(err.Error(), "PostgreSQL database netmaker") || strings.Contains(err.Error(), "hidden") {
		t.Errorf("error %v", err)
	}
}

func TestPostgreSQLMayRestartMeanwhile(t *testing.T) {
	c := cluster(t)
	db := open(t, c.database(t))
	if err := put(db, "before", ""); err != nil {
		t.Fatal(err)
	}
	c.run(t, "pg_ctl", "restart", "-w", "-m", "immediate", "-D", c.data(), "-l", c.log())
	if err := put(db, "after", ""); err != nil {
		t.Fatal(err)
	}
	if found := names(t, db); len(found) != 2 {
		t.Errorf("found %v", found)
	}
}

func TestAFullDiskChangesNothingAndSaysSo(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "netmaker.db"))
	if err := put(db, "one", ""); err != nil {
		t.Fatal(err)
	}
	if err := db.Limit(1); err != nil {
		t.Fatal(err)
	}
	err := put(db, "two", strings.Repeat("x", 1<<20))
	if err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("error %v", err)
	}
	if found := names(t, db); len(found) != 1 {
		t.Errorf("found %v", found)
	}
	if err := db.Limit(0); err != nil {
		t.Fatal(err)
	}
	if err := put(db, "two", strings.Repeat("x", 1<<20)); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
