package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"
)

// longest is the longest delay: beyond it the histograms end, and no line is that slow.
const longest = 10 * time.Second

type options struct {
	device string
	// mtu of the device: that of the interface that packets leave by, or they would get another size.
	mtu int
	// mark of packets that are sent on, by which rules tell them from those still to be led in.
	mark int
	// Each packet is held for delay less or more a random part of jitter, evenly spread.
	delay, jitter time.Duration
	// limit is how many packets are held at most; more are dropped.
	limit int
	// seed of the delays' random numbers: the same one draws the same delays.
	seed uint64
	// report is the file for the statistics; empty: standard output.
	report string
}

// parse reads the command line. Its error names everything that is wrong.
func parse(args []string, output io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("relay", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.Usage = func() {
		fmt.Fprint(output, "Usage: relay [OPTIONS]\n\n"+
			"Holds each IPv4 packet that is routed into its TUN device for a while, and sends it on with a mark.\n\n")
		flags.PrintDefaults()
	}
	flags.StringVar(&o.device, "device", "fogdelay", "name of the TUN device to make")
	flags.IntVar(&o.mtu, "mtu", 1500, "MTU of the device, bytes")
	flags.IntVar(&o.mark, "mark", 0xf06, "mark of packets that are sent on")
	flags.DurationVar(&o.delay, "delay", 0, "how long each packet is held")
	flags.DurationVar(&o.jitter, "jitter", 0, "how much longer or shorter that is, at random")
	flags.IntVar(&o.limit, "limit", 10_000, "packets that are held at most")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the random numbers")
	flags.StringVar(&o.report, "report", "", "file for the statistics; empty: standard output")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	problems := o.problems()
	if flags.NArg() > 0 {
		problems = append(problems, fmt.Errorf("%q is no option", flags.Arg(0)))
	}
	return o, errors.Join(problems...)
}

func (o options) problems() []error {
	var problems []error
	wrong := func(format string, values ...any) {
		problems = append(problems, fmt.Errorf(format, values...))
	}
	// IFNAMSIZ is 16 with the byte that ends it.
	if len(o.device) == 0 || len(o.device) > 15 {
		wrong("-device %q must have 1 to 15 characters", o.device)
	}
	if o.mtu < 576 || o.mtu > 65_535 {
		wrong("-mtu %d must be 576 to 65535 bytes", o.mtu)
	}
	if o.mark <= 0 || o.mark > 0x7fffffff {
		wrong("-mark %d must be more than 0, or packets that are sent on come back", o.mark)
	}
	if o.delay < 0 || o.delay > longest {
		wrong("-delay %s must be 0 to %s", o.delay, longest)
	}
	if o.jitter < 0 || o.jitter > o.delay {
		wrong("-jitter %s must be 0 to the -delay, %s", o.jitter, o.delay)
	}
	if o.limit < 1 || o.limit > 1_000_000 {
		wrong("-limit %d must be 1 to 1000000 packets", o.limit)
	}
	return problems
}
