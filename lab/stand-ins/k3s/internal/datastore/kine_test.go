package datastore

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	etcd "go.etcd.io/etcd/client/v3"
)

func TestDataOutliveTheirServer(t *testing.T) {
	folder := t.TempDir()
	with := func(do func(context.Context, *etcd.Client)) {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		var group sync.WaitGroup
		socket := filepath.Join(folder, "kine.sock")
		if err := Start(ctx, &group, filepath.Join(folder, "db", "state.db"), socket); err != nil {
			t.Fatal(err)
		}
		client, err := etcd.New(etcd.Config{Endpoints: []string{"unix://" + socket}})
		if err != nil {
			t.Fatal(err)
		}
		do(ctx, client)
		client.Close()
		stop()
		group.Wait()
	}
	with(func(ctx context.Context, client *etcd.Client) {
		// As the API server makes objects; kine knows no other way.
		absent := etcd.Compare(etcd.ModRevision("/one"), "=", 0)
		answer, err := client.Txn(ctx).If(absent).Then(etcd.OpPut("/one", "kept")).Commit()
		if err != nil || !answer.Succeeded {
			t.Fatalf("not written: %+v, %v", answer, err)
		}
	})
	with(func(ctx context.Context, client *etcd.Client) {
		answer, err := client.Get(ctx, "/one")
		if err != nil || len(answer.Kvs) != 1 || string(answer.Kvs[0].Value) != "kept" {
			t.Errorf("found %+v, %v", answer, err)
		}
	})
}
