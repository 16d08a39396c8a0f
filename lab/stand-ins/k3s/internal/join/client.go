package join

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"

	"k8s.io/client-go/util/cert"

	"fogline/lab/k3s/internal/encryption"
	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/token"
)

// ErrRefused means that a retry cannot succeed: it is another server, or the token is wrong.
var ErrRefused = errors.New("refused")

// ErrPassword has the message of the official program for a name that another machine has.
var ErrPassword = errors.New("Node password rejected, duplicate hostname or contents of '" + layout.PasswordFile +
	"' may not match server node-passwd entry, try enabling a unique node name with the --with-node-id flag")

const (
	// patience is how long an answer may take.
	patience = 15 * time.Second
	// encryptionPatience is that of the official program, whose API server looks at its keys once a minute.
	encryptionPatience = 70 * time.Second
)

var errForbidden = errors.New("forbidden")

// Ask joins the server at address. It returns the server's CA bundle, verified by the token's hash,
// and the server's answer.
func Ask(ctx context.Context, address string, t token.Token, asked Request) ([]byte, *Answer, error) {
	bundle, text, err := call(ctx, http.MethodPost, address, pathNode, token.Agent, t, asked, patience)
	if err != nil {
		if errors.Is(err, errForbidden) {
			err = ErrPassword
		}
		return nil, nil, err
	}
	var answer Answer
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", address, err)
	}
	return bundle, &answer, nil
}

// Rotate replaces the server token; t is the present one.
func Rotate(ctx context.Context, address string, t token.Token, asked Rotation) error {
	_, _, err := call(ctx, http.MethodPut, address, pathToken, token.Server, t, asked, patience)
	return err
}

// EncryptionStatus asks for the state of the encryption of Secrets.
func EncryptionStatus(ctx context.Context, address string, t token.Token) ([]byte, error) {
	_, text, err := call(ctx, http.MethodGet, address, pathEncryptionState, token.Server, t, nil, patience)
	return text, err
}

// ChangeEncryption asks for another state.
func ChangeEncryption(ctx context.Context, address string, t token.Token, asked encryption.Request) error {
	_, _, err := call(ctx, http.MethodPut, address, pathEncryption, token.Server, t, asked, encryptionPatience)
	return err
}

// call sends a request as a user, after the token's hash has verified the server, and returns the server's
// CA bundle and its answer.
func call(ctx context.Context, method, address, path, user string, t token.Token, asked any, limit time.Duration) (bundle, text []byte, err error) {
	bundle, err = fetchBundle(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case t.Hash == "":
		log.Printf("warning: the token has no CA hash, so the server at %s is taken on trust; use the server's node-token", address)
	case token.Hash(bundle) != t.Hash:
		return nil, nil, fmt.Errorf("%w: the CA of %s has SHA-256 %s, the token wants %s", ErrRefused, address, token.Hash(bundle), t.Hash)
	}
	pool, err := cert.NewPoolFromBytes(bundle)
	if err != nil {
		return nil, nil, fmt.Errorf("%s sent no CA certificate: %w", address, err)
	}
	body, err := json.Marshal(asked)
	if err != nil {
		return nil, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, address+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	request.SetBasicAuth(user, t.Secret)
	text, err = send(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, request, limit)
	return bundle, text, err
}

// fetchBundle reads the CA bundle from a server that has not been verified yet.
func fetchBundle(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+pathBundle, nil)
	if err != nil {
		return nil, err
	}
	return send(&tls.Config{InsecureSkipVerify: true}, request, patience) //nolint:gosec // the token's hash decides
}

func send(config *tls.Config, request *http.Request, limit time.Duration) ([]byte, error) {
	transport := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport, Timeout: limit}).Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		return text, nil
	}
	err = fmt.Errorf("%s: %s: %s", request.URL, response.Status, bytes.TrimSpace(text))
	switch {
	case response.StatusCode == http.StatusForbidden:
		err = fmt.Errorf("%w: %w: %w", ErrRefused, errForbidden, err)
	case response.StatusCode/100 == 4:
		err = fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return nil, err
}
