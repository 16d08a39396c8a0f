package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// report is what became of packets, and what the relay itself cost.
type report struct {
	// How long it ran.
	Seconds float64 `json:"seconds"`
	// Packets that were sent on, and their bytes with the IP header.
	Packets int64 `json:"packets"`
	Bytes   int64 `json:"bytes"`
	// Packets that found the queue full.
	Dropped int64 `json:"dropped"`
	// Packets that the kernel did not take, and why it did not take the first.
	Refused int64  `json:"refused"`
	Refusal string `json:"refusal,omitempty"`
	// Packets of other protocols than IPv4, which went no further.
	Ignored int64 `json:"ignored"`
	// Delays as they were drawn, and from a packet's coming until the kernel had it again.
	Asked times `json:"asked"`
	Given times `json:"given"`
	// Time of the processor, user and system.
	CPUSeconds float64 `json:"cpuSeconds"`
	// Most memory that it had, KiB.
	MemoryKiB int64 `json:"memoryKiB"`
}

// times of many packets, milliseconds; 0 where there was none.
type times struct {
	Mean   float64 `json:"mean"`
	Median float64 `json:"median"`
	P99    float64 `json:"p99"`
	Max    float64 `json:"max"`
}

func (r *relay) report() report {
	var used unix.Rusage
	// It fails for a wrong number of the process alone, and that is no number.
	_ = unix.Getrusage(unix.RUSAGE_SELF, &used)
	result := report{
		Seconds: time.Duration(clock()).Seconds(),
		Packets: r.sent, Bytes: r.bytes, Dropped: r.dropped, Refused: r.refused, Ignored: r.ignored,
		Asked: r.drawn.times(), Given: r.given.times(),
		CPUSeconds: time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds(),
		MemoryKiB:  int64(used.Maxrss),
	}
	if r.refusal != nil {
		result.Refusal = r.refusal.Error()
	}
	return result
}

// step is how finely delays are told apart.
const step = 50 * time.Microsecond

// histogram counts delays; those beyond twice the longest stand in its last step.
type histogram struct {
	counts [2*longest/step + 1]uint32
	n      int64
	sum    time.Duration
	max    time.Duration
}

func (h *histogram) add(delay time.Duration) {
	h.counts[min(max(0, int(delay/step)), len(h.counts)-1)]++
	h.n++
	h.sum += delay
	h.max = max(h.max, delay)
}

// quantile is the upper end of the step that holds it, but at most the longest delay.
func (h *histogram) quantile(share float64) time.Duration {
	rest := int64(share * float64(h.n))
	for n, count := range h.counts {
		rest -= int64(count)
		if rest < 0 {
			return min(time.Duration(n+1)*step, h.max)
		}
	}
	return h.max
}

func (h *histogram) times() times {
	if h.n == 0 {
		return times{}
	}
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return times{
		Mean:   milliseconds(h.sum / time.Duration(h.n)),
		Median: milliseconds(h.quantile(0.5)),
		P99:    milliseconds(h.quantile(0.99)),
		Max:    milliseconds(h.max),
	}
}
