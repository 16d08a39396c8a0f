package store

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"fogline/lab/netmaker/internal/model"
)

func open(t *testing.T) (*Store, string) {
	path := filepath.Join(t.TempDir(), "data", "netmaker.db")
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, path
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
	db, path := open(t)
	if err := put(db, "one", ""); err != nil {
		t.Fatal(err)
	}
	db.Close()
	again, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if found := names(t, again); len(found) != 1 || found[0] != "one" {
		t.Errorf("found %v", found)
	}
}

func TestAFailedChangeLeavesNothing(t *testing.T) {
	db, _ := open(t)
	_, err := db.Do(context.Background(), func(tx *Tx) error {
		if err := Networks.Put(tx, "half", model.Network{Name: "half"}); err != nil {
			return err
		}
		return errors.New("the other half failed")
	})
	if err == nil || len(names(t, db)) != 0 {
		t.Errorf("error %v, found %v", err, names(t, db))
	}
}

func TestAFullDiskChangesNothingAndSaysSo(t *testing.T) {
	db, _ := open(t)
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
