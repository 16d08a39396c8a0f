package join

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"fogline/lab/k3s/internal/pki"
	"fogline/lab/k3s/internal/token"
)

func serve(t *testing.T) (string, *Server) {
	t.Helper()
	folder := t.TempDir()
	open := func(name string) *pki.Authority {
		ca, err := pki.OpenAuthority(filepath.Join(folder, name), name)
		if err != nil {
			t.Fatal(err)
		}
		return ca
	}
	s := &Server{serverCA: open("server-ca"), clientCA: open("client-ca"), secret: "secret", cluster: Cluster{ClusterDNS: "10.43.0.10"}}
	base := filepath.Join(folder, "serving")
	if err := s.serverCA.Ensure(base, pki.Subject{CommonName: "k3s", Names: []string{"127.0.0.1"}}); err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair(base+".crt", base+".key")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(s.Wrap(http.NotFoundHandler()))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, s
}

func request(t *testing.T) Request {
	t.Helper()
	text, err := pki.Request(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	return Request{Node: "pi", Addresses: []string{"10.101.0.3"}, Requests: map[Credential][]byte{Kubelet: text, Serving: text}}
}

func TestNodeJoins(t *testing.T) {
	address, s := serve(t)
	bundle, answer, err := Ask(context.Background(), address, token.Token{Hash: token.Hash(s.serverCA.PEM), Secret: "secret"}, request(t))
	if err != nil {
		t.Fatal(err)
	}
	if string(bundle) != string(s.serverCA.PEM) || len(answer.Certificates) != 2 || answer.Cluster.ClusterDNS != "10.43.0.10" {
		t.Errorf("got %+v", answer)
	}
}

func TestRefusals(t *testing.T) {
	address, s := serve(t)
	good := token.Token{Hash: token.Hash(s.serverCA.PEM), Secret: "secret"}
	for name, c := range map[string]struct {
		token  token.Token
		change func(*Request)
		says   string
	}{
		"another server": {token: token.Token{Hash: strings.Repeat("0", 64), Secret: "secret"}, says: "SHA-256"},
		"wrong secret":   {token: token.Token{Hash: good.Hash, Secret: "x"}, says: "secret"},
		"wrong name":     {token: good, change: func(r *Request) { r.Node = "A B" }, says: "name"},
		"unknown use":    {token: good, change: func(r *Request) { r.Requests["admin"] = []byte("x") }, says: "admin"},
	} {
		asked := request(t)
		if c.change != nil {
			c.change(&asked)
		}
		_, _, err := Ask(context.Background(), address, c.token, asked)
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
