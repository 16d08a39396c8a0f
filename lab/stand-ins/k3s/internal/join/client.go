package join

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"time"

	"fogline/lab/k3s/internal/token"
)

// ErrRefused says that asking again is of no use: the server is another one or the token is wrong.
var ErrRefused = errors.New("refused")

// Ask joins the server at address. It returns the server's CA bundle, which the token vouches for,
// and what the server gives.
func Ask(ctx context.Context, address string, t token.Token, asked Request) ([]byte, *Answer, error) {
	bundle, err := fetchBundle(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case t.Hash == "":
		log.Printf("warning: the token has no CA hash, so the server at %s is taken on trust; use the server's node-token", address)
	case token.Hash(bundle) != t.Hash:
		return nil, nil, fmt.Errorf("%w: the CA of %s has SHA-256 %s, the token wants %s", ErrRefused, address, token.Hash(bundle), t.Hash)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(bundle) {
		return nil, nil, fmt.Errorf("%s sent no CA certificate", address)
	}
	body, err := json.Marshal(asked)
	if err != nil {
		return nil, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address+pathNode, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	request.SetBasicAuth(token.User, t.Secret)
	text, err := send(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, request)
	if err != nil {
		return nil, nil, err
	}
	var answer Answer
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", address, err)
	}
	return bundle, &answer, nil
}

// fetchBundle reads the CA bundle from a server that nothing vouches for yet.
func fetchBundle(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+pathBundle, nil)
	if err != nil {
		return nil, err
	}
	return send(&tls.Config{InsecureSkipVerify: true}, request) //nolint:gosec // the token's hash decides
}

func send(config *tls.Config, request *http.Request) ([]byte, error) {
	transport := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport, Timeout: 15 * time.Second}).Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		err := fmt.Errorf("%s: %s: %s", request.URL, response.Status, strings.TrimSpace(string(text)))
		if response.StatusCode/100 == 4 {
			err = fmt.Errorf("%w: %w", ErrRefused, err)
		}
		return nil, err
	}
	return text, nil
}
