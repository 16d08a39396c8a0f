package process

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestKeepStartsAgainAndEnds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "runs")
	ctx, stop := context.WithCancel(context.Background())
	var group sync.WaitGroup
	Child{Name: "test", Path: "/bin/sh", Args: []string{"-c", "echo run >>" + file}}.Keep(ctx, &group)
	deadline := time.Now().Add(20 * time.Second)
	for runs := 0; runs < 2; {
		if time.Now().After(deadline) {
			t.Fatal("not started a second time")
		}
		text, _ := os.ReadFile(file)
		runs = len(text) / len("run\n")
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	group.Wait()
}

func TestChildrenHaveTheUnitsEnvironment(t *testing.T) {
	// The official program's parts read these in its own process.
	timers := []string{"HTTP2_READ_IDLE_TIMEOUT_SECONDS=2", "HTTP2_PING_TIMEOUT_SECONDS=2"}
	got := withoutNotify(append([]string{"NOTIFY_SOCKET=/run/systemd/notify"}, timers...))
	if !slices.Equal(got, timers) {
		t.Errorf("got %v", got)
	}
}
