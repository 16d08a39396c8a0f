package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestAVoteIsSentAgainWithItsIDUntilItIsAcknowledged(t *testing.T) {
	var mu sync.Mutex
	sent := map[string][]ballot{}
	all := make(chan struct{})
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/votes" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s with %s", r.URL, r.Header)
		}
		var b ballot
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
			t.Error(err)
		}
		mu.Lock()
		sent[b.Ballot] = append(sent[b.Ballot], b)
		attempt, votes := len(sent[b.Ballot]), len(sent)
		mu.Unlock()
		if votes == len(answers) && attempt == 1 {
			close(all)
		}
		switch attempt {
		case 1:
			panic(http.ErrAbortHandler)
		case 2:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			w.WriteHeader(http.StatusCreated)
		}
	})
	l := begin(t, options{votes: 20, drain: 30 * time.Second}, address)
	<-all
	l.finish()
	attempts := map[string][]int{}
	for _, each := range l.end(t) {
		attempts[each.id] = append(attempts[each.id], each.status)
		if each.status == 0 && each.failure != "closed" {
			t.Errorf("error %q", each.failure)
		}
	}
	for id, statuses := range attempts {
		if !slices.Equal(statuses, []int{0, 503, 201}) {
			t.Errorf("%s: %v", id, statuses)
		}
		if bodies := sent[id]; bodies[0] != bodies[1] || bodies[1] != bodies[2] {
			t.Errorf("%s was sent as %v", id, bodies)
		}
	}
	votes := uint64(len(attempts))
	if r := l.report; r.Votes != votes || r.Acknowledged != votes || r.Repeated != 2*votes || votes < 4 {
		t.Errorf("%d votes, report %+v", votes, r)
	}
	chosen := map[string]bool{}
	for _, bodies := range sent {
		chosen[bodies[0].Answer] = true
	}
	if len(chosen) != len(answers) {
		t.Errorf("answers %v", chosen)
	}
}

func TestAnotherAttemptGoesToTheNextAddress(t *testing.T) {
	dead := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusBadGateway)
	})
	alive := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	l := begin(t, options{votes: 1, duration: 100 * time.Millisecond, drain: 30 * time.Second}, dead, alive)
	lines := l.end(t)
	if len(lines) != 2 || lines[0].status != 502 || lines[1].status != 201 {
		t.Errorf("rows %v", lines)
	}
}

func TestAVoteThatIsRefusedIsNotSentAgain(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusConflict) })
	l := begin(t, options{votes: 1, duration: 100 * time.Millisecond, drain: 30 * time.Second}, address)
	lines := l.end(t)
	if len(lines) != 1 || l.report.Refused != 1 || l.report.Repeated != 0 {
		t.Errorf("%d rows, report %+v", len(lines), l.report)
	}
}

func TestVotesAreGivenUpWhenTheDrainIsOver(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	l := begin(t, options{votes: 20, duration: 200 * time.Millisecond, drain: time.Millisecond}, address)
	l.end(t)
	if r := l.report; r.Unacknowledged != r.Votes || r.Votes == 0 {
		t.Errorf("report %+v", r)
	}
}
