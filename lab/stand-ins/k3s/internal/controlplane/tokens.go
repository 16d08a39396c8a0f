package controlplane

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"fogline/lab/k3s/internal/options"
	"fogline/lab/k3s/internal/pki"
	"fogline/lab/k3s/internal/token"
)

// errOtherToken has the message of the official program, which cannot read its own datastore with
// another server token than the one that the datastore was written with.
var errOtherToken = errors.New("preparing server: failed to bootstrap cluster data: bootstrap data already found and encrypted with different token")

// tokenFiles are where the tokens are kept: the server's, the agents', and the link to the first
// under its former name.
type tokenFiles struct{ server, agent, node string }

// keep writes the tokens and returns the agents' token in full. The server's secret is the configured
// one, or else the existing one, or else a new one; the agents' is the configured one or the server's.
func (f tokenFiles) keep(o *options.Options, bundle []byte) (string, error) {
	secret, err := f.serverSecret(o.Token)
	if err != nil {
		return "", err
	}
	full := token.Format(bundle, token.Server, secret)
	if err := pki.WriteFile(f.server, []byte(full+"\n"), 0o600); err != nil {
		return "", err
	}
	// Both links are to a file of their own folder.
	target := filepath.Base(f.server)
	if err := renameio.Symlink(target, f.node); err != nil {
		return "", err
	}
	if o.AgentToken == "" {
		return full, renameio.Symlink(target, f.agent)
	}
	agent, err := token.Parse(o.AgentToken)
	if err != nil {
		return "", err
	}
	full = token.Format(bundle, token.Agent, agent.Secret)
	return full, pki.WriteFile(f.agent, []byte(full+"\n"), 0o600)
}

func (f tokenFiles) serverSecret(given string) (string, error) {
	text, err := os.ReadFile(f.server)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	before := strings.TrimSpace(string(text))
	switch {
	case before == "" && given == "":
		return token.New(), nil
	case before == "":
		parsed, err := token.Parse(given)
		return parsed.Secret, err
	}
	kept, err := token.Parse(before)
	if err != nil || given == "" {
		return kept.Secret, err
	}
	asked, err := token.Parse(given)
	if err != nil {
		return "", err
	}
	if asked.Secret != kept.Secret {
		return "", errOtherToken
	}
	return kept.Secret, nil
}
