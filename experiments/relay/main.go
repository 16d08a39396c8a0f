// Command relay holds a machine's packets for a while and sends them on: delay with jitter where the kernel
// has no netem. Routes lead packets into its TUN device; what it sends carries a mark, by which they pass
// these routes by. With the process go its device and every route into it.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("relay: ")
	o, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	if err := run(o); err != nil {
		log.Fatal(err)
	}
}

// run relays until SIGTERM or SIGINT, sends on what it still holds, and writes its report.
func run(o options) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)

	out, err := openRaw(o.mark)
	if err != nil {
		return err
	}
	device, err := openTun(o.device, o.mtu)
	if err != nil {
		return err
	}
	r := newRelay(o, device, out)
	ended := make(chan error, 1)
	go func() { ended <- r.run() }()
	if err := ready(); err != nil {
		return err
	}
	select {
	case <-signals:
		// Without the device packets take the machine's own routes, and none comes after those held here.
		if err := device.Close(); err != nil {
			return fmt.Errorf("closing the device: %w", err)
		}
		err = <-ended
	case err = <-ended:
	}
	if err != nil {
		return err
	}
	return write(o.report, r.report())
}

// ready tells systemd, where it asked for it, that packets can be led in (sd_notify(3)).
func ready() error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("telling systemd: %w", err)
	}
	if _, err := connection.Write([]byte("READY=1")); err != nil {
		return fmt.Errorf("telling systemd: %w", err)
	}
	return connection.Close()
}

// write leaves the report in a file, all of it at once; on standard output where no file is named.
func write(path string, report report) error {
	text, err := json.Marshal(report)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if path == "" {
		_, err = os.Stdout.Write(text)
		return err
	}
	part := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d", filepath.Base(path), os.Getpid()))
	if err := os.WriteFile(part, text, 0o644); err != nil {
		return fmt.Errorf("-report: %w", err)
	}
	return os.Rename(part, path)
}

// clock is nanoseconds since the program's start, which no correction of the time moves.
var begin = time.Now()

func clock() int64 { return int64(time.Since(begin)) }
