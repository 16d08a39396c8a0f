package main

import (
	"cmp"
	"encoding/csv"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// line is a row as it was read.
type line struct {
	at, latency float64
	status      int
	failure     string
	method, id  string
	pod, node   string
}

// load is a run of the generator in a test.
type load struct {
	*generator
	file string
	done chan struct{}
	// Set when it is done.
	report report
	err    error
}

// begin starts a run with the given options, whose time-out is 30 s unless they have one.
func begin(t *testing.T, o options, addresses ...string) *load {
	t.Helper()
	o.timeout = cmp.Or(o.timeout, 30*time.Second)
	for _, address := range addresses {
		parsed, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		o.urls = append(o.urls, parsed)
	}
	path := filepath.Join(t.TempDir(), "visits.csv")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := newRows(file)
	if err != nil {
		t.Fatal(err)
	}
	l := &load{generator: newGenerator(o, rows, time.Now()), file: path, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.report, l.err = l.generator.run()
	}()
	t.Cleanup(func() {
		l.finish()
		l.stop()
		<-l.done
		file.Close()
	})
	return l
}

// end waits until the run is over, and returns its rows in the order of their moments.
func (l *load) end(t *testing.T) []line {
	t.Helper()
	<-l.done
	if l.err != nil {
		t.Fatal(l.err)
	}
	return read(t, l.file)
}

func read(t *testing.T, path string) []line {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var lines []line
	for _, r := range records[1:] {
		at, err := strconv.ParseFloat(r[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		latency, err := strconv.ParseFloat(r[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		status, err := strconv.Atoi(r[2])
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line{at, latency, status, r[3], r[4], r[5], r[6], r[7]})
	}
	slices.SortFunc(lines, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	return lines
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestNoRequestWaitsForTheAnswerOfAnother(t *testing.T) {
	const together = 40
	var inside atomic.Int32
	all := make(chan struct{})
	address := serve(t, func(http.ResponseWriter, *http.Request) {
		// Nobody is answered before all are here.
		if inside.Add(1) == together {
			close(all)
		}
		<-all
	})
	l := begin(t, options{visits: 100}, address)
	<-all
	l.finish()
	lines := l.end(t)
	if len(lines) < together {
		t.Errorf("%d rows", len(lines))
	}
	for _, each := range lines {
		if each.status != http.StatusOK {
			t.Errorf("status %d, error %q", each.status, each.failure)
		}
	}
}

func TestRequestsBeginWhenTheyAreDue(t *testing.T) {
	address := serve(t, func(http.ResponseWriter, *http.Request) {})
	l := begin(t, options{visits: 40, votes: 8, duration: 500 * time.Millisecond}, address)
	var visits, votes int
	for _, each := range l.end(t) {
		due := float64(visits) / 40
		if each.method == http.MethodPost {
			// Half an interval of the visits later.
			due = float64(votes)/8 + 0.0125
			votes++
		} else {
			visits++
		}
		// Rows have whole microseconds, and none has that of another.
		if late := each.at - due; late < -1e-6 || late > l.report.LatestStartSeconds+0.0001 {
			t.Errorf("%s at %f was due at %f; the latest start was %f late",
				each.method, each.at, due, l.report.LatestStartSeconds)
		}
	}
	if l.report.Visits != uint64(visits) || l.report.Votes != uint64(votes) || votes == 0 {
		t.Errorf("%d visits, %d votes, report %+v", visits, votes, l.report)
	}
	if r := l.report; r.Seconds < 0.5 || r.CPUSeconds <= 0 || r.CPUShare != r.CPUSeconds/r.Seconds {
		t.Errorf("report %+v", r)
	}
}

func TestEachRequestHasAConnectionOfItsOwn(t *testing.T) {
	var seen sync.Map
	var requests atomic.Int32
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if _, again := seen.LoadOrStore(r.RemoteAddr, true); again {
			t.Errorf("%s asks again", r.RemoteAddr)
		}
	})
	l := begin(t, options{visits: 100, votes: 50, duration: 200 * time.Millisecond}, address)
	if lines := l.end(t); len(lines) != int(requests.Load()) {
		t.Errorf("%d rows of %d requests", len(lines), requests.Load())
	}
}

func TestConnectionsAreUsedAgainWhereTheyAreKept(t *testing.T) {
	var seen sync.Map
	var requests, connections atomic.Int32
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if _, again := seen.LoadOrStore(r.RemoteAddr, true); !again {
			connections.Add(1)
		}
	})
	stages := []stage{{50, 100 * time.Millisecond}, {100, 100 * time.Millisecond}}
	l := begin(t, options{stages: stages, kept: true, duration: 200 * time.Millisecond}, address)
	if lines := l.end(t); len(lines) != 15 || requests.Load() != 15 {
		t.Errorf("%d rows of %d requests", len(lines), requests.Load())
	}
	if n := connections.Load(); n == 0 || n >= requests.Load() {
		t.Errorf("%d connections for %d requests", n, requests.Load())
	}
}

func TestAddressesTakeTurnsInTheOrderOfRows(t *testing.T) {
	named := func(pod string) string {
		return serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Served-By", pod) })
	}
	l := begin(t, options{visits: 500, duration: 200 * time.Millisecond}, named("a"), named("b"), named("c"))
	for n, each := range l.end(t) {
		if want := string("abc"[n%3]); each.pod != want {
			t.Fatalf("row %d is of %s, not of %s", n, each.pod, want)
		}
	}
}

type ballot struct {
	Answer string `json:"answer"`
	Ballot string `json:"ballot"`
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			t.Errorf("%s was asked for", r.URL)
		}
		http.Redirect(w, r, "/elsewhere", http.StatusSeeOther)
	})
	l := begin(t, options{visits: 20, duration: 100 * time.Millisecond}, address)
	for _, each := range l.end(t) {
		if each.status != http.StatusSeeOther || each.failure != "" {
			t.Errorf("row %+v", each)
		}
	}
}

func TestAnAnswerThatDoesNotComeIsATimeout(t *testing.T) {
	over := make(chan struct{})
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		// It begins, so that headers alone are no answer.
		w.Header().Set("Content-Length", "1")
		w.(http.Flusher).Flush()
		<-over
	})
	l := begin(t, options{visits: 20, timeout: 100 * time.Millisecond, duration: 50 * time.Millisecond}, address)
	lines := l.end(t)
	close(over)
	for _, each := range lines {
		if each.status != 0 || each.failure != "timeout" || each.latency < 0.1 {
			t.Errorf("row %+v", each)
		}
	}
	if len(lines) == 0 {
		t.Error("no rows")
	}
}

func TestTheFileIsExact(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Served-By", `pod "1", two`)
		w.Header().Set("X-Served-On", "raspberrypi")
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
		}
	})
	l := begin(t, options{visits: 50, votes: 50, duration: 100 * time.Millisecond}, address)
	l.end(t)
	text, err := os.ReadFile(l.file)
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(string(text), "\n")
	if first != "at,latency,status,error,method,id,pod,node" {
		t.Errorf("columns %q", first)
	}
	const hex = "[0-9a-f]"
	whole := regexp.MustCompile(`^(\d+\.\d{6},\d+\.\d{6},(200,,GET,|201,,POST,` +
		hex + `{8}-` + hex + `{4}-4` + hex + `{3}-[89ab]` + hex + `{3}-` + hex + `{12})` +
		`,pod  1   two,raspberrypi\n)+$`)
	if !whole.MatchString(rest) {
		t.Errorf("rows\n%s", rest)
	}
}

func TestARunWhoseRowsCannotBeWrittenEnds(t *testing.T) {
	address := serve(t, func(http.ResponseWriter, *http.Request) {})
	file, err := os.Create(filepath.Join(t.TempDir(), "visits.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := newRows(file)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	g := newGenerator(options{visits: 20, timeout: time.Second, urls: []*url.URL{parsed}}, rows, time.Now())
	if _, err := g.run(); err == nil {
		t.Error("no error")
	}
}
