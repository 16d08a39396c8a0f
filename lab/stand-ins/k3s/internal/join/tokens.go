package join

import (
	"crypto/subtle"
	"os"
	"strings"
	"sync"

	"fogline/lab/k3s/internal/pki"
	"fogline/lab/k3s/internal/token"
)

// tokens are the secrets that the server knows, by user.
type tokens struct {
	sync.Mutex
	serverFile string
	secrets    map[string]string
	// shared says that agents have no secret of their own.
	shared bool
}

func openTokens(serverFile, agentFile string) (*tokens, error) {
	t := &tokens{serverFile: serverFile, secrets: map[string]string{}}
	for user, file := range map[string]string{token.Server: serverFile, token.Agent: agentFile} {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		parsed, err := token.Parse(strings.TrimSpace(string(text)))
		if err != nil {
			return nil, err
		}
		t.secrets[user] = parsed.Secret
	}
	// Without a token of their own the agents' file is a link.
	target, err := os.Lstat(agentFile)
	if err != nil {
		return nil, err
	}
	t.shared = target.Mode()&os.ModeSymlink != 0
	return t, nil
}

// knows reports whether this is the user's secret.
func (t *tokens) knows(user, secret string) bool {
	t.Lock()
	defer t.Unlock()
	known, ok := t.secrets[user]
	return ok && subtle.ConstantTimeCompare([]byte(known), []byte(secret)) == 1
}

// rotate replaces the server's secret, by a random one where none is given.
func (t *tokens) rotate(bundle []byte, secret string) error {
	t.Lock()
	defer t.Unlock()
	if secret == "" {
		secret = token.New()
	}
	full := token.Format(bundle, token.Server, secret)
	if err := pki.WriteFile(t.serverFile, []byte(full+"\n"), 0o600); err != nil {
		return err
	}
	t.secrets[token.Server] = secret
	if t.shared {
		t.secrets[token.Agent] = secret
	}
	return nil
}
