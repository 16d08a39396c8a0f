package join

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fogline/lab/k3s/internal/nodepassword"
	"fogline/lab/k3s/internal/pki"
	"fogline/lab/k3s/internal/token"
)

func serve(t *testing.T) (string, *Server) {
	t.Helper()
	folder := t.TempDir()
	open := func(name string) *pki.Authority {
		ca, err := pki.OpenAuthority(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return ca
	}
	s := &Server{serverCA: open("server-ca"), clientCA: open("client-ca"), cluster: Cluster{ClusterDNS: "10.43.0.10"}}
	s.tokens = &tokens{
		serverFile: filepath.Join(folder, "token"), secrets: map[string]string{token.Server: "server's", token.Agent: "secret"},
	}
	s.password = func(_ context.Context, _, password string) error {
		if password != "password" {
			return nodepassword.ErrRejected
		}
		return nil
	}
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
	return Request{Node: "pi", Password: "password", Addresses: []string{"10.101.0.3"}, Requests: map[Credential][]byte{Kubelet: text, Serving: text}}
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
		"wrong secret":   {token: token.Token{Hash: good.Hash, Secret: "x"}, says: "not authorized"},
		"wrong name":     {token: good, change: func(r *Request) { r.Node = "A B" }, says: "name"},
		"no password":    {token: good, change: func(r *Request) { r.Password = "" }, says: "password"},
		"server's token": {token: token.Token{Hash: good.Hash, Secret: "server's"}, says: "not authorized"},
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

func TestNameOfAnotherMachine(t *testing.T) {
	address, s := serve(t)
	asked := request(t)
	asked.Password = "another's"
	_, _, err := Ask(context.Background(), address, token.Token{Hash: token.Hash(s.serverCA.PEM), Secret: "secret"}, asked)
	if !errors.Is(err, ErrPassword) || errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
}

// What an agent holds must not do what only a server may.
func TestOnlyTheServersTokenManagesTheCluster(t *testing.T) {
	address, s := serve(t)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.serverCA.PEM)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	for path, allowed := range map[string]int{
		"server-bootstrap": http.StatusBadRequest, "token": http.StatusOK, "encrypt/config": http.StatusBadRequest,
		"encrypt/status": http.StatusOK, "cert/cacerts": http.StatusNotImplemented,
	} {
		for _, c := range []struct {
			user, secret string
			status       int
		}{
			{token.Agent, "secret", http.StatusForbidden}, {token.Server, "secret", http.StatusUnauthorized},
			{"", "", http.StatusUnauthorized}, {token.Server, "server's", allowed},
		} {
			request, err := http.NewRequest(http.MethodPut, address+pathPrefix+path, strings.NewReader(`{"newToken": "server's"}`))
			if err != nil {
				t.Fatal(err)
			}
			request.SetBasicAuth(c.user, c.secret)
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close() // nothing is read from it
			if response.StatusCode != c.status {
				t.Errorf("%s as %q: got %s", path, c.user, response.Status)
			}
		}
	}
}

func TestRotationReplacesTheServersToken(t *testing.T) {
	address, s := serve(t)
	old := token.Token{Hash: token.Hash(s.serverCA.PEM), Secret: "server's"}
	if err := Rotate(context.Background(), address, old, Rotation{}); err != nil {
		t.Fatal(err)
	}
	if err := Rotate(context.Background(), address, old, Rotation{}); !errors.Is(err, ErrRefused) {
		t.Errorf("the old token is still good: %v", err)
	}
	if !s.tokens.knows(token.Agent, "secret") {
		t.Error("the agents' token did not stay")
	}
	text, err := os.ReadFile(s.tokens.serverFile)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := token.Parse(strings.TrimSpace(string(text)))
	if err != nil || !s.tokens.knows(token.Server, kept.Secret) {
		t.Errorf("%s is not the new token: %v", text, err)
	}
	s.tokens.shared = true
	if err := Rotate(context.Background(), address, kept, Rotation{NewToken: "third"}); err != nil {
		t.Fatal(err)
	}
	if !s.tokens.knows(token.Agent, "third") {
		t.Error("agents without a token of their own did not get the server's")
	}
}
