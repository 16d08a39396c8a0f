// Package process keeps programs running.
package process

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	firstPause = time.Second
	longPause  = 30 * time.Second
	// A program that ran this long counts as healthy: the delay before its next restart is reset.
	healthyAfter = time.Minute
	// As long as a program may take to end. The API server would wait for watches that its clients
	// never give up; nothing is lost when it is cut off.
	graceful = 5 * time.Second
)

// Child is a program that runs as long as its owner does.
type Child struct {
	// Name prefixes each line that the program writes.
	Name string
	Path string
	// Args are its arguments, without the program's own name.
	Args []string
}

// Self is a component of this very binary as a child. The components of Kubernetes keep their
// flags, feature gates and metrics in globals, so each has a process of its own; the official
// program links patched copies into one process.
func Self(component string, args []string) Child {
	// In the words by which the official program's journal is searched for arguments.
	log.Printf("Running %s %s", component, strings.Join(args, " "))
	// Not the path: an update may have replaced the file that this process runs.
	return Child{Name: component, Path: "/proc/self/exe", Args: append([]string{component}, args...)}
}

// Keep runs the child until the context ends, and starts it again when it exits. The child ends
// with its owner, whatever ends that.
func (c Child) Keep(ctx context.Context, group *sync.WaitGroup) {
	group.Go(func() {
		// The kernel sends the parent-death signal when the thread that started the child ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		c.loop(ctx)
	})
}

func (c Child) loop(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := c.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > healthyAfter {
			pause = firstPause
		}
		log.Printf("%s ended (%v); starting it again in %s", c.Name, err, pause)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, longPause)
	}
}

func (c Child) once(ctx context.Context) error {
	reader, writer := io.Pipe()
	defer writer.Close()
	go prefix(c.Name, reader)
	command := exec.CommandContext(ctx, c.Path, c.Args...)
	if c.Path == "/proc/self/exe" {
		command.Args[0] = "k3s"
	}
	command.Env = withoutNotify(os.Environ())
	command.Stdout, command.Stderr = writer, writer
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = graceful
	if err := command.Run(); err != nil {
		return err
	}
	return fmt.Errorf("exit code 0")
}

// withoutNotify keeps children from reporting themselves as the unit to the service manager.
func withoutNotify(environment []string) []string {
	return slices.DeleteFunc(environment, func(entry string) bool {
		return strings.HasPrefix(entry, "NOTIFY_SOCKET=")
	})
}

// prefix copies lines to stderr with the program's name before each.
func prefix(name string, from io.Reader) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			if line[len(line)-1] != '\n' {
				line += "\n"
			}
			fmt.Fprintf(os.Stderr, "%s: %s", name, line)
		}
		if err != nil {
			return
		}
	}
}
