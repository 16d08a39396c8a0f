package process

import (
	"context"
	"os"
	"path/filepath"
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
