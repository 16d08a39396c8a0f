package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// line is a device that gives some packets, and one that takes them.
type line struct {
	packets [][]byte
	sent    [][]byte
	refuse  error
}

func (l *line) Read(p []byte) (int, error) {
	if len(l.packets) == 0 {
		return 0, os.ErrClosed
	}
	next := l.packets[0]
	l.packets = l.packets[1:]
	return copy(p, next), nil
}

func (l *line) send(packet []byte) error {
	if l.refuse != nil {
		return l.refuse
	}
	l.sent = append(l.sent, bytes.Clone(packet))
	return nil
}

// packetOf is an IPv4 header with a number behind it.
func packetOf(n byte) []byte {
	data := make([]byte, 21)
	data[0] = 0x45
	data[20] = n
	return data
}

func optionsOf(delay, jitter time.Duration, limit int) options {
	return options{device: "t", mtu: 1500, mark: 1, delay: delay, jitter: jitter, limit: limit, seed: 7}
}

func TestPacketsAreHeldAndLeaveInTheirOrder(t *testing.T) {
	l := &line{}
	for n := range byte(100) {
		l.packets = append(l.packets, packetOf(n))
	}
	r := newRelay(optionsOf(3*time.Millisecond, 3*time.Millisecond, 200), l, l)
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	for n, packet := range l.sent {
		if packet[20] != byte(n) {
			t.Fatalf("packet %d left as number %d", packet[20], n)
		}
	}
	report := r.report()
	if report.Packets != 100 || report.Bytes != 2100 || report.Dropped != 0 || report.Refused != 0 {
		t.Errorf("%+v", report)
	}
	if report.Given.Mean < report.Asked.Mean || report.Given.Max < report.Asked.Max {
		t.Errorf("given %+v, earlier than asked %+v", report.Given, report.Asked)
	}
}

func TestAQueueThatIsFullDropsWhatComes(t *testing.T) {
	l := &line{}
	for n := range byte(50) {
		l.packets = append(l.packets, packetOf(n))
	}
	r := newRelay(optionsOf(100*time.Millisecond, 0, 10), l, l)
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	report := r.report()
	if report.Packets+report.Dropped != 50 || report.Dropped < 30 {
		t.Errorf("%d left and %d were dropped of 50 with room for 10", report.Packets, report.Dropped)
	}
	if l.sent[0][20] != 0 {
		t.Errorf("the first that left was number %d: it is the newest that is dropped", l.sent[0][20])
	}
}

func TestWhatIsNoIPv4GoesNoFurther(t *testing.T) {
	six := make([]byte, 48)
	six[0] = 0x60
	l := &line{packets: [][]byte{six, {0x45}, packetOf(1)}}
	r := newRelay(optionsOf(0, 0, 10), l, l)
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	if report := r.report(); report.Ignored != 2 || report.Packets != 1 {
		t.Errorf("%+v", report)
	}
}

func TestPacketsThatTheKernelRefusesAreCounted(t *testing.T) {
	l := &line{packets: [][]byte{packetOf(1), packetOf(2)}, refuse: syscall.EPERM}
	r := newRelay(optionsOf(0, 0, 10), l, l)
	if err := r.run(); err != nil {
		t.Fatal(err)
	}
	report := r.report()
	if report.Refused != 2 || report.Packets != 0 || report.Refusal != syscall.EPERM.Error() {
		t.Errorf("%+v", report)
	}
}

func TestADeviceThatFailsEndsTheRelay(t *testing.T) {
	broken := errors.New("no such device")
	r := newRelay(optionsOf(0, 0, 10), failing{broken}, &line{})
	if err := r.run(); !errors.Is(err, broken) {
		t.Errorf("it ended with %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestDelaysAreSpreadAroundTheOneAskedFor(t *testing.T) {
	p := newPace(50*time.Millisecond, 20*time.Millisecond, 1)
	low, high, sum := time.Hour, time.Duration(0), time.Duration(0)
	const draws = 10_000
	for n := range int64(draws) {
		// A second apart: none waits for the one before.
		now := n * int64(time.Second)
		drawn, due := p.next(now)
		if due != now+int64(drawn) {
			t.Fatalf("it is due %d ns after it came, not %s", due-now, drawn)
		}
		low, high, sum = min(low, drawn), max(high, drawn), sum+drawn
	}
	if low < 30*time.Millisecond || low > 31*time.Millisecond || high > 70*time.Millisecond || high < 69*time.Millisecond {
		t.Errorf("from %s to %s", low, high)
	}
	if mean := sum / draws; mean < 49*time.Millisecond || mean > 51*time.Millisecond {
		t.Errorf("mean %s", mean)
	}
}

func TestNoneIsDueBeforeTheOneBefore(t *testing.T) {
	p := newPace(50*time.Millisecond, 50*time.Millisecond, 1)
	var last int64
	for n := range int64(1000) {
		_, due := p.next(n * int64(time.Millisecond))
		if due < last {
			t.Fatalf("packet %d is due %d ns before the one before", n, last-due)
		}
		last = due
	}
}

func TestASeedDrawsTheSameDelays(t *testing.T) {
	a, b := newPace(time.Second, time.Second, 5), newPace(time.Second, time.Second, 5)
	for range 100 {
		one, _ := a.next(0)
		other, _ := b.next(0)
		if one != other {
			t.Fatalf("%s and %s", one, other)
		}
	}
}

func TestAHistogramSaysWhatItWasTold(t *testing.T) {
	var h histogram
	if h.times() != (times{}) {
		t.Errorf("of nothing: %+v", h.times())
	}
	for n := 1; n <= 100; n++ {
		h.add(time.Duration(n) * time.Millisecond)
	}
	h.add(time.Hour)
	got := h.times()
	if got.Median < 51 || got.Median > 51.1 || got.P99 < 100 || got.P99 > 100.1 || got.Max != 3_600_000 {
		t.Errorf("%+v", got)
	}
}

func TestOptionsThatAreWrongAreAllNamed(t *testing.T) {
	args := []string{"-device=", "-mtu=1", "-mark=0", "-delay=1m", "-jitter=2m", "-limit=0", "more"}
	_, err := parse(args, io.Discard)
	if err == nil {
		t.Fatal("they were taken")
	}
	for _, name := range []string{"-device", "-mtu", "-mark", "-delay", "-jitter", "-limit", `"more"`} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in: %s", name, err)
		}
	}
}

func TestOptionsHaveDefaultsThatHold(t *testing.T) {
	o, err := parse([]string{"-delay=50ms", "-jitter=20ms"}, io.Discard)
	if err != nil || o.delay != 50*time.Millisecond || o.jitter != 20*time.Millisecond || o.limit != 10_000 {
		t.Errorf("%+v, %v", o, err)
	}
	// Bits by which Kubernetes marks packets: one that is sent on must not look like these.
	if o.mark&(0x4000|0x8000) != 0 {
		t.Errorf("the mark %#x has a bit of kube-proxy's", o.mark)
	}
}

func TestAReportIsOneLineOfJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	if err := write(path, report{Packets: 3, Given: times{Mean: 50.1}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var back report
	if err := json.Unmarshal(text, &back); err != nil || back.Packets != 3 || back.Given.Mean != 50.1 {
		t.Errorf("%s: %v", text, err)
	}
	if strings.Count(string(text), "\n") != 1 {
		t.Errorf("%q", text)
	}
}
