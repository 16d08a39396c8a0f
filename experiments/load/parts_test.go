package main

import (
	"strings"
	"testing"
	"time"
)

func TestSecondsHaveSixDecimals(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                              "0.000000",
		1999 * time.Nanosecond:         "0.000001",
		time.Hour + 5*time.Millisecond: "3600.005000",
	} {
		if got := seconds(d); got != want {
			t.Errorf("%s: %s, not %s", d, got, want)
		}
	}
}

func TestTextsFromElsewhereFitIntoARow(t *testing.T) {
	for text, want := range map[string]string{
		"dial tcp: a, b":           "dial tcp: a  b",
		"\"quoted\"\r\n":           "quoted",
		"two\u2028lines":           "two lines",
		"cut \xff":                 "cut ?",
		strings.Repeat("ä", 1_000): strings.Repeat("ä", longest),
	} {
		if got := clean(text); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}

func TestReasonsAreWords(t *testing.T) {
	for text, want := range map[string]string{
		`Get "http://a/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`: "timeout",
		`Get "http://a/": dial tcp 192.0.2.1:80: connect: connection refused`:                         "refused",
		`Get "http://a/": read tcp 192.0.2.1:80: read: connection reset by peer`:                      "reset",
		`Get "http://a/": dial tcp 192.0.2.1:80: connect: no route to host`:                           "unreachable",
		`Get "http://a/": EOF`: "closed",
		"unexpected EOF":       "closed",
		"something else":       "something else",
		"":                     "unknown",
	} {
		if got := reason(text); got != want {
			t.Errorf("%s: %s, not %s", text, got, want)
		}
	}
}

func TestPausesGrowAndAServerMayAskForOthers(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	v := &vote{pause: firstPause}
	for _, each := range []struct {
		asked string
		want  time.Duration
	}{
		{"", 500 * time.Millisecond},
		{"", time.Second},
		{"2", 2 * time.Second},
		{"0", shortestPause},
		{"", longestPause},
		{"soon", longestPause},
		{"4000000000", longestPause},
		{"-1", longestPause},
		{"Fri, 02 Jan 2026 03:04:08 GMT", 3 * time.Second},
		{"Fri, 02 Jan 2026 03:04:00 GMT", shortestPause},
	} {
		if got := pauseOf(v, each.asked, now); got != each.want {
			t.Errorf("Retry-After %q: %s, not %s", each.asked, got, each.want)
		}
	}
}

func TestThePaceBeginsAtItsStart(t *testing.T) {
	p := newPace(time.Now().Add(time.Hour), 4)
	if wait, stop := p.Pace(0, 0); stop || wait <= 59*time.Minute || wait > time.Hour {
		t.Errorf("wait %s, stop %t", wait, stop)
	}
	p = newPace(time.Now().Add(-time.Second), 4)
	if wait, stop := p.Pace(0, 2); stop || wait > 0 {
		t.Errorf("late: wait %s, stop %t", wait, stop)
	}
	if wait, stop := p.Pace(0, 8); stop || wait <= 0 || wait > time.Second {
		t.Errorf("wait %s, stop %t", wait, stop)
	}
	if due := p.due(8).Sub(p.start); due != 2*time.Second {
		t.Errorf("due after %s", due)
	}
	if half := newPace(p.start, 0.5).due(1).Sub(p.start); half != 2*time.Second {
		t.Errorf("interval %s", half)
	}
}

func TestStagesTakeTurnsAndTheLastGoesOn(t *testing.T) {
	stages, err := parseStages("10x2s,0.5x3s,40x1s")
	if err != nil {
		t.Fatal(err)
	}
	p := pace{time.Now(), stages}
	for number, want := range map[uint64]time.Duration{
		0: 0, 19: 1900 * time.Millisecond, 20: 2 * time.Second, 21: 4 * time.Second,
		22: 5 * time.Second, 23: 5025 * time.Millisecond, 22 + 400: 15 * time.Second,
	} {
		if due := p.due(number).Sub(p.start); due != want {
			t.Errorf("request %d is due after %s, not %s", number, due, want)
		}
	}
	for elapsed, want := range map[time.Duration]float64{0: 10, 2 * time.Second: 0.5, 5 * time.Second: 40, time.Hour: 40} {
		if rate := p.Rate(elapsed); rate != want {
			t.Errorf("rate %v after %s, not %v", rate, elapsed, want)
		}
	}
	if fastestOf(stages) != 40 {
		t.Errorf("fastest %v", fastestOf(stages))
	}
	_, err = parseStages("10,0x1s,NaNx1s,5x-1s,20x1s")
	for _, each := range []string{`"10"`, `"0x1s"`, `"NaNx1s"`, `"5x-1s"`} {
		if err == nil || !strings.Contains(err.Error(), each) {
			t.Errorf("%s is not named in %v", each, err)
		}
	}
}
