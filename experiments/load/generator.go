package main

import (
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/sys/unix"
)

// report is what a run comes to, beside its rows.
type report struct {
	// Share of one core that this process used while it sent new requests.
	CPUShare float64 `json:"cpuShare"`
	// CPU time of that while, user and system.
	CPUSeconds float64 `json:"cpuSeconds"`
	// How long new requests were sent.
	Seconds float64 `json:"seconds"`
	// How late the latest request began, against its plan.
	LatestStartSeconds float64 `json:"latestStartSeconds"`
	Visits             uint64  `json:"visits"`
	Votes              uint64  `json:"votes"`
	// Times that a vote was sent again.
	Repeated uint64 `json:"repeated"`
	// What became of the votes.
	Acknowledged   uint64 `json:"acknowledged"`
	Refused        uint64 `json:"refused"`
	Unacknowledged uint64 `json:"unacknowledged"`
}

// request is one that is under way.
type request struct {
	start time.Time
	// at is start as the file has it.
	at time.Duration
	// vote is nil for a visit.
	vote *vote
}

// generator sends requests and keeps account of them.
type generator struct {
	options
	client *http.Client
	rows   *rows
	zero   time.Time

	// ending is done when no new visit or vote is to be sent, giveUp when no vote is sent again either.
	ending, giveUp context.Context
	finish, stop   context.CancelFunc

	// open counts visits that are not answered, and votes that are neither acknowledged nor given up.
	open sync.WaitGroup

	mu sync.Mutex
	// closed: nothing is added to open any more.
	closed bool
	// underWay has every request that was sent, by its key, until its row is written.
	underWay map[string]request
	// keys is how many keys were given.
	keys uint64
	// last is the moment of the latest start.
	last   time.Duration
	report report
	failed error
}

// idleConnections is how many connections are kept for later, as aiohttp's session does with its limit of 100.
const idleConnections = 100

func newGenerator(o options, rows *rows, zero time.Time) *generator {
	g := &generator{
		options: o,
		rows:    rows,
		zero:    zero,
		client: &http.Client{
			Timeout: o.timeout,
			Transport: &http.Transport{
				// Where each visitor is another one, no connection is there before, and none is kept. Proxy is
				// left out: the environment's would be measured instead.
				DisableKeepAlives:   !o.kept,
				MaxIdleConnsPerHost: idleConnections,
				DialContext:         (&net.Dialer{}).DialContext,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		underWay: map[string]request{},
		last:     -time.Microsecond,
	}
	g.ending, g.finish = context.WithCancel(context.Background())
	g.giveUp, g.stop = context.WithCancel(context.Background())
	return g
}

// run sends the load until it is to finish, then waits for what is under way.
func (g *generator) run() (report, error) {
	if g.duration > 0 {
		timer := time.AfterFunc(time.Until(g.zero.Add(g.duration)), g.finish)
		defer timer.Stop()
	}
	before, err := cpuTime()
	if err != nil {
		return report{}, err
	}
	visits := pace{g.zero, g.stages}
	if g.visits > 0 {
		visits = newPace(g.zero, g.visits)
	}
	if len(visits.stages) > 0 {
		defer g.attack(visits, fastestOf(visits.stages), g.visit).Stop()
	}
	if g.votes > 0 {
		// Between two visits: otherwise every vote would begin together with one.
		shift := time.Duration(0)
		if len(visits.stages) > 0 {
			shift = visits.stages[0].offset(1) / 2
		}
		defer g.attack(newPace(g.zero.Add(shift), g.votes), g.votes, g.newVote).Stop()
	}
	<-g.ending.Done()
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	after, err := cpuTime()
	if err != nil {
		return report{}, err
	}
	sent := time.Since(g.zero)

	g.drainVotes()

	g.mu.Lock()
	defer g.mu.Unlock()
	g.report.CPUSeconds = (after - before).Seconds()
	g.report.Seconds = sent.Seconds()
	g.report.CPUShare = (after - before).Seconds() / sent.Seconds()
	return g.report, g.failed
}

// drainVotes waits until nothing is open: for as long as votes may be sent again, and then for one
// request at most, which the client's time-out ends.
func (g *generator) drainVotes() {
	defer time.AfterFunc(g.drain, g.stop).Stop()
	g.open.Wait()
}

// fill makes a target the request of a number, which begins now; the generator's mu is held.
type fill func(number uint64, now time.Time, target *vegeta.Target)

// attack sends requests of one kind at their pace.
func (g *generator) attack(p pace, perSecond float64, next fill) *vegeta.Attacker {
	attacker := vegeta.NewAttacker(
		vegeta.Client(g.client),
		// As many as can be under way; vegeta starts more where these are not enough, so that no
		// request waits for the answer of another.
		vegeta.Workers(uint64(math.Ceil(perSecond*g.timeout.Seconds()))+1),
		vegeta.MaxBody(0),
	)
	var number uint64
	results := attacker.Attack(func(target *vegeta.Target) error {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.closed {
			return vegeta.ErrNoTargets
		}
		now := time.Now()
		g.report.LatestStartSeconds = max(g.report.LatestStartSeconds, now.Sub(p.due(number)).Seconds())
		g.open.Add(1)
		next(number, now, target)
		number++
		return nil
	}, p, 0, "")
	go func() {
		for result := range results {
			g.record(result)
		}
	}()
	return attacker
}

// visit is the fill of visits: addresses take turns.
func (g *generator) visit(number uint64, now time.Time, target *vegeta.Target) {
	g.report.Visits++
	target.Method = http.MethodGet
	target.URL = g.begin(g.urls[number%uint64(len(g.urls))].String(), now, nil)
}

// begin notes that a request begins, and returns its URL; g.mu is held.
//
// vegeta's results name the URL and nothing else of their request, so the request's key is the URL's
// fragment, which is not sent (RFC 9110, section 7.1).
func (g *generator) begin(address string, start time.Time, v *vote) string {
	key := strconv.FormatUint(g.keys, 36)
	g.keys++
	// The order of rows by their moments is the order in which addresses took turns.
	at := max(start.Sub(g.zero).Truncate(time.Microsecond), g.last+time.Microsecond)
	g.last = at
	g.underWay[key] = request{start: start, at: at, vote: v}
	return address + "#" + key
}

// record writes the row of a request that is over, and goes on with its vote.
func (g *generator) record(result *vegeta.Result) {
	_, key, found := strings.Cut(result.URL, "#")
	if !found {
		// vegeta asked for a target when there was none any more.
		return
	}
	g.mu.Lock()
	r := g.underWay[key]
	delete(g.underWay, key)
	g.mu.Unlock()
	next := row{
		at:      r.at,
		latency: result.Timestamp.Add(result.Latency).Sub(r.start),
		status:  result.Code,
		method:  result.Method,
		pod:     result.Headers.Get("X-Served-By"),
		node:    result.Headers.Get("X-Served-On"),
	}
	if result.Code == 0 {
		next.failure = reason(result.Error)
	}
	if r.vote != nil {
		next.id = r.vote.id
	}
	if err := g.rows.write(next); err != nil {
		g.fail(err)
	}
	if r.vote == nil {
		g.open.Done()
		return
	}
	g.settle(r.vote, result)
}

// fail ends the run: without its rows it is worth nothing.
func (g *generator) fail(err error) {
	g.mu.Lock()
	g.failed = errors.Join(g.failed, err)
	g.mu.Unlock()
	g.finish()
	g.stop()
}

// reasons are words for errors of net/http and of the kernel; the first that matches counts.
var reasons = []struct{ text, word string }{
	{"Client.Timeout", "timeout"},
	{"context deadline exceeded", "timeout"},
	{"i/o timeout", "timeout"},
	{"connection timed out", "timeout"},
	{"connection refused", "refused"},
	{"connection reset", "reset"},
	{"broken pipe", "reset"},
	{"no route to host", "unreachable"},
	{"network is unreachable", "unreachable"},
	{"no such host", "unknown host"},
	{"EOF", "closed"},
}

// reason tells in a word why no answer came; an error that is none of the known ones in its own words.
func reason(text string) string {
	for _, known := range reasons {
		if strings.Contains(text, known.text) {
			return known.word
		}
	}
	if text == "" {
		return "unknown"
	}
	return text
}

// cpuTime is what this process has used until now.
func cpuTime() (time.Duration, error) {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
