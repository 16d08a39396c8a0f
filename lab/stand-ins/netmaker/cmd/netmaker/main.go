// Command netmaker is a stand-in for Netmaker's server, with its REST API and broker topics, for
// computers that reach package registries alone. It is set by the official environment variables.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"fogline/lab/netmaker/internal/api"
	"fogline/lab/netmaker/internal/broker"
	"fogline/lab/netmaker/internal/settings"
	"fogline/lab/netmaker/internal/store"
)

// graceful is as long as open requests may take when the server ends.
const graceful = 5 * time.Second

func main() {
	log.SetFlags(0)
	if len(os.Args) > 1 {
		if os.Args[1] != "--version" {
			log.Fatalf("netmaker takes no arguments: it is set by environment variables")
		}
		fmt.Printf("netmaker version %s (stand-in)\n", settings.Version)
		return
	}
	if err := run(); err != nil {
		log.Fatalf("netmaker: %v", err)
	}
}

func run() error {
	s, err := settings.FromEnvironment()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	db, err := store.Open(s.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	queue := broker.New(s)
	server, err := api.New(s, db, queue.Changed, queue.Up)
	if err != nil {
		return err
	}
	defer server.Wait()
	ctx, end := context.WithCancelCause(ctx)
	var group sync.WaitGroup
	group.Go(func() { end(queue.Run(ctx, server)) })
	err = serve(ctx, s.Listen, server.Handler())
	// The cause is reported, unless it was a signal.
	cause := context.Cause(ctx)
	end(nil)
	group.Wait()
	if errors.Is(cause, broker.ErrNoBroker) {
		return errors.Join(cause, err)
	}
	return err
}

func serve(ctx context.Context, address string, handler http.Handler) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	log.Printf("netmaker %s (stand-in) listens on %s", settings.Version, listener.Addr())
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.Background(), graceful)
	defer cancel()
	if err := server.Shutdown(ending); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
