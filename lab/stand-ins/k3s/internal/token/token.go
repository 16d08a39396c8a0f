// Package token reads and writes cluster tokens: a secret and the hash of the cluster's CA.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Users that a secret stands for. A server's token lets servers join and manages the cluster; an
// agent's lets agents join and nothing else.
const (
	Server = "server"
	Agent  = "node"
)

// Token lets a node join. Hash is the SHA-256 of the CA bundle's PEM in hexadecimal digits; it is
// empty in a token that is a bare secret, with which a node cannot tell its server from another.
// Whoever uses the token says as whom: like the official program, an agent always presents the
// secret as an agent's, and a server as a server's, whatever user the token names.
type Token struct {
	Hash   string
	Secret string
}

// Parse reads `K10<hash>::<user>:<secret>` or a bare secret.
func Parse(text string) (Token, error) {
	rest, full := strings.CutPrefix(text, "K10")
	if !full || !strings.Contains(rest, "::") {
		if text == "" || strings.ContainsAny(text, " \n\t") {
			return Token{}, fmt.Errorf("token is empty or holds white space")
		}
		return Token{Secret: text}, nil
	}
	hash, credentials, _ := strings.Cut(rest, "::")
	if digits, err := hex.DecodeString(hash); err != nil || len(digits) != sha256.Size {
		return Token{}, fmt.Errorf("token: what follows K10 is not a SHA-256 in hexadecimal digits")
	}
	_, secret, ok := strings.Cut(credentials, ":")
	if !ok || secret == "" {
		return Token{}, fmt.Errorf("token: no user and secret after the hash")
	}
	return Token{Hash: strings.ToLower(hash), Secret: secret}, nil
}

// New makes a bare secret of 128 random bits.
func New() string {
	bytes := make([]byte, 16)
	_, _ = rand.Read(bytes) // never fails, says its documentation
	return hex.EncodeToString(bytes)
}

// Format is the token of a user's secret in the cluster with this CA bundle.
func Format(bundle []byte, user, secret string) string {
	return "K10" + Hash(bundle) + "::" + user + ":" + secret
}

// Hash is the SHA-256 of a CA bundle, as tokens contain it.
func Hash(bundle []byte) string {
	sum := sha256.Sum256(bundle)
	return hex.EncodeToString(sum[:])
}
