package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// stage is a rate that holds for a while.
type stage struct {
	perSecond float64
	length    time.Duration
}

// requests is how many begin in a stage.
func (s stage) requests() uint64 {
	return uint64(math.Ceil(s.perSecond*s.length.Seconds() - 1e-9))
}

// pace tells vegeta when requests begin: the first at its start, stage after stage; the last stage's rate goes
// on for ever.
type pace struct {
	start  time.Time
	stages []stage
}

// newPace is that of one rate.
func newPace(start time.Time, perSecond float64) pace {
	return pace{start, []stage{{perSecond: perSecond}}}
}

// Pace tells how long to wait with the next request, and never to end. It goes by its own start: all
// streams of requests have one clock.
func (p pace) Pace(_ time.Duration, sent uint64) (time.Duration, bool) {
	return max(0, time.Until(p.due(sent))), false
}

// Rate is that of a moment after the start.
func (p pace) Rate(elapsed time.Duration) float64 {
	last := len(p.stages) - 1
	for _, s := range p.stages[:last] {
		if elapsed < s.length {
			return s.perSecond
		}
		elapsed -= s.length
	}
	return p.stages[last].perSecond
}

// due is when a request is to be sent; the first one is number 0.
func (p pace) due(number uint64) time.Time {
	begin, last := p.start, len(p.stages)-1
	for _, s := range p.stages[:last] {
		if number < s.requests() {
			return begin.Add(s.offset(number))
		}
		number -= s.requests()
		begin = begin.Add(s.length)
	}
	return begin.Add(p.stages[last].offset(number))
}

// offset is when a request of a stage is to be sent, since the stage began.
func (s stage) offset(number uint64) time.Duration {
	return time.Duration(number) * time.Duration(float64(time.Second)/s.perSecond)
}

// fastestOf is the highest rate.
func fastestOf(stages []stage) float64 {
	highest := 0.0
	for _, s := range stages {
		highest = max(highest, s.perSecond)
	}
	return highest
}

// parseStages reads stages, e.g. 10x2m,20x2m. Its error names every one that is wrong.
func parseStages(text string) ([]stage, error) {
	var stages []stage
	var problems []error
	for part := range strings.SplitSeq(text, ",") {
		rate, length, _ := strings.Cut(part, "x")
		perSecond, badRate := strconv.ParseFloat(rate, 64)
		duration, badLength := time.ParseDuration(length)
		// Written so that it is false for NaN.
		if badRate != nil || badLength != nil || !(perSecond > 0 && perSecond <= fastest) || duration <= 0 {
			problems = append(problems, fmt.Errorf(
				"-stages %q must be a rate above 0, up to %d per second, and how long it holds, e.g. 10x2m", part, fastest))
			continue
		}
		stages = append(stages, stage{perSecond, duration})
	}
	return stages, errors.Join(problems...)
}

// once is the pace of a single request, which is sent at once.
type once struct{}

func (once) Pace(_ time.Duration, sent uint64) (time.Duration, bool) {
	return 0, sent > 0
}

func (once) Rate(time.Duration) float64 {
	return 0
}
