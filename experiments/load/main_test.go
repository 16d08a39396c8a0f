package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// asProgram has the test's own executable be the program.
const asProgram = "LOAD_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is the program, running.
type process struct {
	*exec.Cmd
	stdin  io.Closer
	lines  *bufio.Scanner
	stderr *bytes.Buffer
	file   string
}

func start(t *testing.T, args ...string) process {
	t.Helper()
	file := filepath.Join(t.TempDir(), "visits.csv")
	command := exec.Command(os.Args[0], append([]string{"-out", file}, args...)...)
	command.Env = append(os.Environ(), asProgram+"=1")
	stderr := &bytes.Buffer{}
	command.Stderr = stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Process.Kill() })
	return process{command, stdin, bufio.NewScanner(stdout), stderr, file}
}

// line reads a line of JSON that the program prints.
func (p process) line(t *testing.T, into any) {
	t.Helper()
	if !p.lines.Scan() {
		p.Wait()
		t.Fatalf("it printed nothing more: %s", p.stderr)
	}
	if err := json.Unmarshal(p.lines.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}

func TestTheZeroOfItsClockIsPrintedFirst(t *testing.T) {
	address := serve(t, func(http.ResponseWriter, *http.Request) {})
	unixBefore := time.Now().UnixMicro()
	before, err := monotonicMicroseconds()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, "-visits", "20", "-duration", "100ms", address)
	var zero moment
	p.line(t, &zero)
	after, err := monotonicMicroseconds()
	if err != nil {
		t.Fatal(err)
	}
	if zero.Monotonic < before || zero.Monotonic > after {
		t.Errorf("zero at %d is not between %d and %d", zero.Monotonic, before, after)
	}
	if zero.Unix < unixBefore || zero.Unix > time.Now().UnixMicro() {
		t.Errorf("zero at %d of Unix time", zero.Unix)
	}
	var r report
	p.line(t, &r)
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
	if lines := read(t, p.file); len(lines) == 0 || uint64(len(lines)) != r.Visits {
		t.Errorf("%d rows, report %+v", len(lines), r)
	}
}

// held is a server that answers nobody until it is told to.
func held(t *testing.T, together int32) (address string, full <-chan struct{}, release func(), seen *atomic.Int32) {
	seen = &atomic.Int32{}
	here, over := make(chan struct{}), make(chan struct{})
	address = serve(t, func(http.ResponseWriter, *http.Request) {
		if seen.Add(1) == together {
			close(here)
		}
		<-over
	})
	return address, here, func() { close(over) }, seen
}

func TestSIGTERMWaitsForRequestsThatAreUnderWay(t *testing.T) {
	address, full, release, seen := held(t, 5)
	p := start(t, "-visits", "50", address)
	var zero moment
	p.line(t, &zero)
	<-full
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	release()
	var r report
	p.line(t, &r)
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
	lines := read(t, p.file)
	if len(lines) != int(seen.Load()) || r.Visits != uint64(len(lines)) {
		t.Errorf("%d rows of %d requests, report %+v", len(lines), seen.Load(), r)
	}
	for _, each := range lines {
		if each.status != http.StatusOK {
			t.Errorf("row %+v", each)
		}
	}
}

func TestAnotherSignalGivesUpVotes(t *testing.T) {
	var votes atomic.Int32
	first := make(chan struct{})
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if votes.Add(1) == 1 {
			close(first)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	p := start(t, "-votes", "50", "-drain", "1h", address)
	<-first
	for _, each := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		if err := p.Process.Signal(each); err != nil {
			t.Fatal(err)
		}
	}
	var zero moment
	p.line(t, &zero)
	var r report
	p.line(t, &r)
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
	if r.Unacknowledged != r.Votes || r.Votes == 0 {
		t.Errorf("report %+v", r)
	}
}

func TestItEndsWithWhoStartedIt(t *testing.T) {
	address := serve(t, func(http.ResponseWriter, *http.Request) {})
	p := start(t, "-attended", "-visits", "20", address)
	var zero moment
	p.line(t, &zero)
	p.stdin.Close()
	var r report
	p.line(t, &r)
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
}

func TestRowsAreNotWrittenOver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "visits.csv")
	if err := os.WriteFile(file, []byte("measured"), 0o644); err != nil {
		t.Fatal(err)
	}
	o, err := parse([]string{"-visits", "1", "-out", file, "http://127.0.0.1"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := run(o, strings.NewReader(""), io.Discard); err == nil || !strings.Contains(err.Error(), "-out") {
		t.Errorf("error %v", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "measured" {
		t.Errorf("%q, error %v", text, err)
	}
}

func TestAllThatIsWrongWithOptionsIsSaidAtOnce(t *testing.T) {
	_, err := parse([]string{"-visits", "NaN", "-votes=-1", "-timeout=0s", "-duration=-1s", "-drain=-1s",
		"ftp://host", "http://", "http://host/#top"}, io.Discard)
	if err == nil {
		t.Fatal("no error")
	}
	for _, each := range []string{"-visits NaN", "-votes -1", "-timeout", "-duration", "-drain", "-out",
		`"ftp://host"`, `"http://"`, `"http://host/#top"`} {
		if !strings.Contains(err.Error(), each) {
			t.Errorf("%s is not named in\n%v", each, err)
		}
	}
	_, err = parse([]string{"-visits", "1", "-stages", "fast", "-out", "file", "http://host"}, io.Discard)
	for _, each := range []string{`-stages "fast"`, "-visits and -stages are both given"} {
		if err == nil || !strings.Contains(err.Error(), each) {
			t.Errorf("%s is not named in\n%v", each, err)
		}
	}
	o, err := parse([]string{"-stages", "10x2m,20x2m", "-kept", "-out", "file", "http://host"}, io.Discard)
	if err != nil || !o.kept || len(o.stages) != 2 || o.stages[1] != (stage{20, 2 * time.Minute}) {
		t.Errorf("%+v, %v", o, err)
	}
	_, err = parse([]string{"-out", "file"}, io.Discard)
	for _, each := range []string{"both 0", "URL is missing"} {
		if err == nil || !strings.Contains(err.Error(), each) {
			t.Errorf("%s is not named in\n%v", each, err)
		}
	}
}
