package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"time"
)

// fastest is the most requests of a kind per second: beyond it, this program would be what is measured.
const fastest = 10_000

type options struct {
	// Per second; 0 sends none.
	visits, votes float64
	// stages are rates of visits that take turns, in place of visits; the last goes on. May be empty.
	stages []stage
	// kept: connections are used again, as by one visitor with many requests; else each request has its own.
	kept bool
	// timeout is how long one request may take, until its whole answer is there.
	timeout time.Duration
	// duration is how long new requests are sent; 0: until a signal.
	duration time.Duration
	// drain is how long votes that were not acknowledged are sent again after that.
	drain time.Duration
	// attended: standard input belongs to the process that started this one, and ends with it.
	attended bool
	out      string
	// Addresses that take turns; none has a fragment.
	urls []*url.URL
}

// parse reads the command line. Its error names everything that is wrong.
func parse(args []string, output io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.Usage = func() {
		fmt.Fprint(output, "Usage: load [OPTIONS] -out FILE URL...\n\n"+
			"Visits the URLs in turn, votes at their /api/votes, and writes one row of CSV for each request.\n\n")
		flags.PrintDefaults()
	}
	flags.Float64Var(&o.visits, "visits", 0, "visits per second")
	var stages string
	flags.StringVar(&stages, "stages", "",
		"rates of visits and how long each holds, e.g. 10x2m,20x2m, in place of -visits; the last goes on")
	flags.BoolVar(&o.kept, "kept", false, "use connections again; else each request has one of its own")
	flags.Float64Var(&o.votes, "votes", 0, "votes per second")
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "time after which a request has failed")
	flags.DurationVar(&o.duration, "duration", 0, "how long to send; 0: until SIGTERM or SIGINT")
	flags.DurationVar(&o.drain, "drain", 10*time.Second,
		"how long to send votes again after that, until they are acknowledged")
	flags.BoolVar(&o.attended, "attended", false, "end when standard input ends")
	flags.StringVar(&o.out, "out", "", "file to write rows to; it must not be there yet")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	var problems []error
	if stages != "" {
		var err error
		if o.stages, err = parseStages(stages); err != nil {
			problems = append(problems, err)
		}
		if o.visits != 0 {
			problems = append(problems, errors.New("-visits and -stages are both given: one of them says when visits begin"))
		}
	}
	problems = append(problems, o.problems(stages != "")...)
	for _, text := range flags.Args() {
		address, err := url.Parse(text)
		if err != nil || address.Host == "" || address.Fragment != "" ||
			(address.Scheme != "http" && address.Scheme != "https") {
			problems = append(problems, fmt.Errorf("URL %q must be http://HOST or https://HOST", text))
			continue
		}
		o.urls = append(o.urls, address)
	}
	if flags.NArg() == 0 {
		problems = append(problems, errors.New("URL is missing: name at least one address to visit"))
	}
	return o, errors.Join(problems...)
}

func (o options) problems(hasStages bool) []error {
	var problems []error
	wrong := func(format string, values ...any) {
		problems = append(problems, fmt.Errorf(format, values...))
	}
	for _, rate := range []struct {
		name  string
		value float64
	}{{"visits", o.visits}, {"votes", o.votes}} {
		// Written so that it is false for NaN.
		if !(rate.value >= 0 && rate.value <= fastest) {
			wrong("-%s %v must be 0 to %d per second", rate.name, rate.value, fastest)
		}
	}
	if o.visits == 0 && o.votes == 0 && !hasStages {
		wrong("-visits and -votes are both 0: one must be more, or nothing is sent")
	}
	if o.timeout <= 0 {
		wrong("-timeout %s must be more than 0, e.g. 30s", o.timeout)
	}
	if o.duration < 0 {
		wrong("-duration %s must be 0 or more, e.g. 2m", o.duration)
	}
	if o.drain < 0 {
		wrong("-drain %s must be 0 or more, e.g. 10s", o.drain)
	}
	if o.out == "" {
		wrong("-out is missing: name the file to write rows to")
	}
	return problems
}
