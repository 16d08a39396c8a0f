// Command load asks a website at a constant open rate and writes down what became of each request.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("load: ")
	o, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	if err := run(o, os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// moment is one instant on the two clocks that other processes of this computer can read, too.
type moment struct {
	// Microseconds since 1970.
	Unix int64 `json:"zeroUnixMicroseconds"`
	// Microseconds of CLOCK_MONOTONIC, which no correction of the time moves.
	Monotonic int64 `json:"zeroMonotonicMicroseconds"`
}

// run sends the load and prints two lines of JSON: the zero of its clock before the first request, and
// the report when all of it is done.
func run(o options, stdin io.Reader, stdout io.Writer) error {
	// Measurements are never written over.
	file, err := os.OpenFile(o.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("-out must name a file that is not there, in a folder that is: %w", err)
	}
	rows, err := newRows(file)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)

	zero := time.Now()
	monotonic, err := monotonicMicroseconds()
	if err != nil {
		return err
	}
	lines := json.NewEncoder(stdout)
	if err := lines.Encode(moment{Unix: zero.UnixMicro(), Monotonic: monotonic}); err != nil {
		return err
	}
	g := newGenerator(o, rows, zero)
	go func() {
		// The first signal ends the load; another one ends waiting for votes, too.
		<-signals
		g.finish()
		<-signals
		g.stop()
	}()
	if o.attended {
		go func() {
			// Nobody is there any more: what is read does not matter, nor why it ended.
			_, _ = io.Copy(io.Discard, stdin)
			g.finish()
			g.stop()
		}()
	}
	report, err := g.run()
	if err != nil {
		return err
	}
	if err := rows.close(); err != nil {
		return err
	}
	return lines.Encode(report)
}

func monotonicMicroseconds() (int64, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0, fmt.Errorf("reading CLOCK_MONOTONIC: %w", err)
	}
	return now.Nano() / int64(time.Microsecond), nil
}
