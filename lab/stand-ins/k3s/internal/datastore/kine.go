// Package datastore serves the etcd protocol over SQLite, as K3s does.
package datastore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/k3s-io/kine/pkg/endpoint"
	"github.com/sirupsen/logrus"
)

// Start serves the data in file on a UNIX socket and returns the socket's address for the API
// server. Data are compacted every five minutes.
func Start(ctx context.Context, group *sync.WaitGroup, file, socket string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return "", err
	}
	logrus.SetLevel(logrus.WarnLevel)
	_, err := endpoint.Listen(ctx, endpoint.Config{
		WaitGroup:           group,
		Listener:            "unix://" + socket,
		Endpoint:            "sqlite://" + file + "?_journal=WAL&cache=shared&_busy_timeout=30000&_txlock=immediate",
		NotifyInterval:      5 * time.Second,
		EmulatedETCDVersion: "3.5.13",
		CompactInterval:     5 * time.Minute,
		CompactTimeout:      5 * time.Second,
		CompactMinRetain:    1000,
		CompactBatchSize:    1000,
		PollBatchSize:       500,
		PollInterval:        time.Second,
	})
	if err != nil {
		return "", fmt.Errorf("the datastore %s: %w", file, err)
	}
	return "unix://" + socket, nil
}
