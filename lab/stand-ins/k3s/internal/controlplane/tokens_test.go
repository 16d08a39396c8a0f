package controlplane

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fogline/lab/k3s/internal/options"
	"fogline/lab/k3s/internal/token"
)

func files(t *testing.T) tokenFiles {
	t.Helper()
	folder := t.TempDir()
	return tokenFiles{
		server: filepath.Join(folder, "token"), agent: filepath.Join(folder, "agent-token"), node: filepath.Join(folder, "node-token"),
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestAgentsHaveTheServersTokenUnlessTheyAreGivenOne(t *testing.T) {
	f, bundle := files(t), []byte("bundle")
	full, err := f.keep(&options.Options{Token: "first"}, bundle)
	if err != nil {
		t.Fatal(err)
	}
	want := token.Format(bundle, token.Server, "first")
	if full != want || read(t, f.server) != want || read(t, f.agent) != want || read(t, f.node) != want {
		t.Errorf("got %s, agent's file %s, node's %s", full, read(t, f.agent), read(t, f.node))
	}
	if target, err := os.Readlink(f.agent); err != nil || target != "token" {
		t.Errorf("the agents' file is no link to the server's: %s, %v", target, err)
	}
}

func TestAgentTokenIntroducedOnARunningServer(t *testing.T) {
	f, bundle := files(t), []byte("bundle")
	if _, err := f.keep(&options.Options{Token: "first"}, bundle); err != nil {
		t.Fatal(err)
	}
	full, err := f.keep(&options.Options{AgentToken: "second"}, bundle)
	if err != nil {
		t.Fatal(err)
	}
	if full != token.Format(bundle, token.Agent, "second") || read(t, f.agent) != full {
		t.Errorf("agents have %s", full)
	}
	if read(t, f.server) != token.Format(bundle, token.Server, "first") {
		t.Errorf("the server's token did not stay: %s", read(t, f.server))
	}
	if info, err := os.Lstat(f.agent); err != nil || info.Mode() != 0o600 {
		t.Errorf("the agents' token is readable by others: %v, %v", info.Mode(), err)
	}
}

func TestAnotherServerTokenIsRefused(t *testing.T) {
	f := files(t)
	if _, err := f.keep(&options.Options{Token: "first"}, []byte("bundle")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.keep(&options.Options{Token: "other"}, []byte("bundle")); !errors.Is(err, errOtherToken) {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(read(t, f.server), "::server:first") {
		t.Error("the token of before is gone")
	}
}
