package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Pauses before a vote is sent again: the first, doubled each time up to the longest. The website's own
// page begins like this (apps/website/service/src/browser/poll.ts). What Retry-After asks for comes
// first, within the shortest and the longest.
const (
	shortestPause = 100 * time.Millisecond
	firstPause    = 500 * time.Millisecond
	longestPause  = 5 * time.Second
)

// answers are those of the poll.
var answers = [...]string{"dog", "cat", "horse", "hamster"}

// vote is one voter's; it has one id however often it is sent.
type vote struct {
	id   string
	body []byte
	// turn decides which address it goes to; each attempt goes to the next one.
	turn  uint64
	pause time.Duration
}

// newVote is the fill of votes.
func (g *generator) newVote(number uint64, now time.Time, target *vegeta.Target) {
	g.report.Votes++
	id := uuid.NewString()
	body, err := json.Marshal(map[string]string{
		"answer": answers[number%uint64(len(answers))],
		"ballot": id,
	})
	if err != nil {
		// A map of strings can always be encoded.
		panic(err)
	}
	g.cast(&vote{id: id, body: body, turn: number, pause: firstPause}, now, target)
}

// cast makes a target the next attempt of a vote; g.mu is held.
func (g *generator) cast(v *vote, now time.Time, target *vegeta.Target) {
	address := g.urls[v.turn%uint64(len(g.urls))]
	v.turn++
	target.Method = http.MethodPost
	target.URL = g.begin(address.ResolveReference(&url.URL{Path: "/api/votes"}).String(), now, v)
	target.Header = http.Header{"Content-Type": {"application/json"}}
	target.Body = v.body
}

// settle decides what is next for a vote after an attempt, as the website's page does: what is
// answered below 500 is final.
func (g *generator) settle(v *vote, result *vegeta.Result) {
	switch {
	case result.Code >= 200 && result.Code < 300:
		g.close(func(r *report) { r.Acknowledged++ })
	case result.Code != 0 && result.Code < 500:
		g.close(func(r *report) { r.Refused++ })
	default:
		go g.again(v, pauseOf(v, result.Headers.Get("Retry-After"), time.Now()))
	}
}

// close counts a vote that is not open any more.
func (g *generator) close(count func(*report)) {
	g.mu.Lock()
	count(&g.report)
	g.mu.Unlock()
	g.open.Done()
}

// again sends a vote once more after a pause, unless it is given up by then.
func (g *generator) again(v *vote, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-g.giveUp.Done():
	}
	if g.giveUp.Err() != nil {
		g.close(func(r *report) { r.Unacknowledged++ })
		return
	}
	// An attacker that has ended cannot be used again.
	attacker := vegeta.NewAttacker(vegeta.Client(g.client), vegeta.Workers(1), vegeta.MaxWorkers(1), vegeta.MaxBody(0))
	for result := range attacker.Attack(func(target *vegeta.Target) error {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.report.Repeated++
		g.cast(v, time.Now(), target)
		return nil
	}, once{}, 0, "") {
		g.record(result)
	}
}

// pauseOf is how long to wait before a vote is sent again; the next pause will be longer.
func pauseOf(v *vote, retryAfter string, now time.Time) time.Duration {
	pause := v.pause
	v.pause = min(2*v.pause, longestPause)
	asked, found := delay(retryAfter, now)
	if !found {
		return pause
	}
	return min(max(asked, shortestPause), longestPause)
}

// delay reads a Retry-After header: seconds or a date (RFC 9110, section 10.2.3).
func delay(text string, now time.Time) (time.Duration, bool) {
	// More than an hour is as good as an hour, and cannot overflow.
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(min(seconds, 3600)) * time.Second, true
	}
	if date, err := http.ParseTime(text); err == nil {
		return date.Sub(now), true
	}
	return 0, false
}
