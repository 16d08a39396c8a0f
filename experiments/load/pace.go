package main

import (
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// pace is vegeta's constant pacer with the first request at its start; vegeta's own sends it one
// interval later.
type pace struct {
	vegeta.ConstantPacer
	start time.Time
}

func newPace(start time.Time, perSecond float64) pace {
	interval := time.Duration(float64(time.Second) / perSecond)
	return pace{vegeta.ConstantPacer{Freq: 1, Per: interval}, start}
}

// Pace tells how long to wait with the next request, and never to end. It goes by its own start: all
// streams of requests have one clock.
func (p pace) Pace(_ time.Duration, sent uint64) (time.Duration, bool) {
	if sent == 0 {
		return time.Until(p.start), false
	}
	return p.ConstantPacer.Pace(time.Since(p.start), sent-1)
}

// due is when a request is to be sent; the first one is number 0.
func (p pace) due(number uint64) time.Time {
	return p.start.Add(time.Duration(number) * p.Per)
}

// once is the pace of a single request, which is sent at once.
type once struct{}

func (once) Pace(_ time.Duration, sent uint64) (time.Duration, bool) {
	return 0, sent > 0
}

func (once) Rate(time.Duration) float64 {
	return 0
}
