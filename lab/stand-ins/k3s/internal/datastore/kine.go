// Package datastore serves the etcd protocol over SQLite, as K3s does.
package datastore

import (
	"context"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/k3s-io/kine/pkg/drivers"
	"github.com/k3s-io/kine/pkg/drivers/sqlite"
	"github.com/k3s-io/kine/pkg/server"
	"github.com/sirupsen/logrus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

const (
	// graceful is how long requests may take to end with their server.
	graceful = 2 * time.Second
	// maxRequest bounds a request in bytes, as in etcd: 1.5 MiB and what gRPC adds.
	maxRequest = 2 << 20
	// minPing is the shortest time between two pings of a client, as in etcd.
	minPing = 5 * time.Second
)

// Start serves the data in file on a UNIX socket until ctx ends. Data are compacted every five minutes.
// It puts the parts of kine together itself: kine's own server brings the drivers of every database along.
func Start(ctx context.Context, group *sync.WaitGroup, file, socket string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return err
	}
	logrus.SetLevel(logrus.WarnLevel)
	// The database ends after the last request.
	database, closeDatabase := context.WithCancel(context.WithoutCancel(ctx))
	service, listener, err := open(database, group, file, socket)
	if err != nil {
		closeDatabase()
		return fmt.Errorf("the datastore %s: %w", file, err)
	}
	group.Go(func() {
		if err := service.Serve(listener); err != nil {
			logrus.Errorf("the datastore ended: %v", err)
		}
	})
	context.AfterFunc(ctx, func() {
		defer time.AfterFunc(graceful, service.Stop).Stop()
		service.GracefulStop()
		closeDatabase()
	})
	return nil
}

func open(ctx context.Context, group *sync.WaitGroup, file, socket string) (*grpc.Server, net.Listener, error) {
	_, backend, err := sqlite.New(ctx, group, &drivers.Config{
		DataSourceName:   file + "?_journal=WAL&cache=shared&_busy_timeout=30000&_txlock=immediate",
		CompactInterval:  5 * time.Minute,
		CompactTimeout:   5 * time.Second,
		CompactMinRetain: 1000,
		CompactBatchSize: 1000,
		PollBatchSize:    500,
		PollInterval:     time.Second,
	})
	if err != nil {
		return nil, nil, err
	}
	if err := backend.Start(ctx); err != nil {
		return nil, nil, err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, nil, err
	}
	service := grpc.NewServer(grpc.MaxRecvMsgSize(maxRequest), grpc.MaxSendMsgSize(math.MaxInt32),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing}))
	server.New(backend, "unix", 5*time.Second, "3.5.13").Register(service)
	return service, listener, os.Chmod(socket, 0o600)
}
