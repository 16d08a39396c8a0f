package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// sender sends a whole IPv4 packet.
type sender interface{ send(packet []byte) error }

// packet is one that is held; times are of clock.
type packet struct {
	data []byte
	// read is when it came, due when it is to be sent on.
	read, due int64
	// drawn is the delay that it was given.
	drawn time.Duration
}

// relay holds packets. One goroutine reads, one sends: what came first leaves first.
type relay struct {
	options
	in   io.Reader
	out  sender
	pace *pace
	held chan *packet
	pool sync.Pool

	// Of the goroutine that reads.
	ignored, dropped int64
	drawn            histogram
	// Of the goroutine that sends.
	sent, bytes, refused int64
	refusal              error
	given                histogram
}

func newRelay(o options, in io.Reader, out sender) *relay {
	return &relay{
		options: o, in: in, out: out,
		pace: newPace(o.delay, o.jitter, o.seed),
		held: make(chan *packet, o.limit),
		// A byte more than the largest packet, so that none is cut unseen.
		pool: sync.Pool{New: func() any { return &packet{data: make([]byte, o.mtu+1)} }},
	}
}

// run relays until its device is closed, then sends on what it holds.
func (r *relay) run() error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.sendAll()
	}()
	err := r.readAll()
	close(r.held)
	<-done
	return err
}

func (r *relay) readAll() error {
	for {
		p := r.pool.Get().(*packet)
		p.data = p.data[:cap(p.data)]
		n, err := r.in.Read(p.data)
		if errors.Is(err, os.ErrClosed) || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading packets: %w", err)
		}
		if !isIPv4(p.data[:n]) {
			// IPv6 looks for neighbours on every device that comes up.
			r.ignored++
			r.pool.Put(p)
			continue
		}
		p.data = p.data[:n]
		p.read = clock()
		p.drawn, p.due = r.pace.next(p.read)
		select {
		case r.held <- p:
			r.drawn.add(p.drawn)
		default:
			r.dropped++
			r.pool.Put(p)
		}
	}
}

// isIPv4 tells whether a packet has a header of IPv4 with its addresses.
func isIPv4(data []byte) bool { return len(data) >= 20 && data[0]>>4 == 4 }

func (r *relay) sendAll() {
	// A thread of its own wakes up on its own time; Go's timers are up to a millisecond late.
	runtime.LockOSThread()
	for p := range r.held {
		sleepUntil(p.due)
		if err := r.out.send(p.data); err != nil {
			r.refused++
			r.refusal = firstOf(r.refusal, err)
		} else {
			r.sent++
			r.bytes += int64(len(p.data))
			r.given.add(time.Duration(clock() - p.read))
		}
		r.pool.Put(p)
	}
}

// firstOf keeps the first error.
func firstOf(first, next error) error {
	if first != nil {
		return first
	}
	return next
}

func sleepUntil(due int64) {
	for rest := due - clock(); rest > 0; rest = due - clock() {
		// A signal, as Go sends itself, ends it early: the loop sleeps for the rest.
		wait := unix.NsecToTimespec(rest)
		_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &wait, nil)
	}
}

// pace says when packets are sent on.
type pace struct {
	delay, jitter time.Duration
	random        *rand.Rand
	last          int64
}

func newPace(delay, jitter time.Duration, seed uint64) *pace {
	return &pace{delay: delay, jitter: jitter, random: rand.New(rand.NewPCG(seed, 0))}
}

// next draws the delay of a packet that came now. None overtakes another: one with a short delay behind one with
// a long one waits for it, as in the queue of a line. netem lets it overtake instead.
func (p *pace) next(now int64) (drawn time.Duration, due int64) {
	drawn = p.delay
	if p.jitter > 0 {
		drawn += time.Duration(p.random.Int64N(2*int64(p.jitter)+1)) - p.jitter
	}
	due = max(now+int64(drawn), p.last)
	p.last = due
	return drawn, due
}
