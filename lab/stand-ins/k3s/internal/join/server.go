package join

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/pki"
	"fogline/lab/k3s/internal/token"
)

// Server lets nodes join that know the secret.
type Server struct {
	serverCA, clientCA *pki.Authority
	secret             string
	cluster            Cluster
}

// Open reads the CAs, the token and the cluster's settings from the server's folder.
func Open() (*Server, error) {
	s := &Server{}
	var err error
	if s.serverCA, err = pki.OpenAuthority(layout.Server("server-ca"), "k3s-server-ca"); err != nil {
		return nil, err
	}
	if s.clientCA, err = pki.OpenAuthority(layout.Server("client-ca"), "k3s-client-ca"); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(layout.TokenFile)
	if err != nil {
		return nil, err
	}
	parsed, err := token.Parse(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, err
	}
	s.secret = parsed.Secret
	if text, err = os.ReadFile(layout.ClusterFile); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &s.cluster); err != nil {
		return nil, fmt.Errorf("%s: %w", layout.ClusterFile, err)
	}
	return s, nil
}

// Wrap answers what joining nodes ask and hands everything else on.
func (s *Server) Wrap(next http.Handler) http.Handler {
	own := map[string]http.HandlerFunc{
		"GET /ping":         func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "pong") },
		"GET " + pathBundle: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(s.serverCA.PEM) },
		"POST " + pathNode:  s.node,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handle, ok := own[r.Method+" "+r.URL.Path]; ok {
			handle(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) node(w http.ResponseWriter, r *http.Request) {
	user, secret, _ := r.BasicAuth()
	if user != token.User || subtle.ConstantTimeCompare([]byte(secret), []byte(s.secret)) != 1 {
		http.Error(w, "the token's secret is not this server's", http.StatusUnauthorized)
		return
	}
	var asked Request
	if err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&asked); err != nil {
		http.Error(w, "not a request to join: "+err.Error(), http.StatusBadRequest)
		return
	}
	answer, err := s.answer(asked)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	log.Printf("certificates issued to node %s at %s", asked.Node, r.RemoteAddr)
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		log.Printf("node %s did not take its certificates: %v", asked.Node, err)
	}
}

func (s *Server) answer(asked Request) (*Answer, error) {
	if problems := validation.IsDNS1123Subdomain(asked.Node); len(problems) > 0 {
		return nil, fmt.Errorf("%q is not a node's name: %v", asked.Node, problems)
	}
	for _, address := range asked.Addresses {
		if net.ParseIP(address) == nil {
			return nil, fmt.Errorf("%q is not an address", address)
		}
	}
	node := "system:node:" + asked.Node
	subjects := map[Credential]pki.Subject{
		Kubelet:    {CommonName: node, Organizations: []string{"system:nodes"}},
		Serving:    {CommonName: asked.Node, Names: append([]string{asked.Node, "localhost"}, asked.Addresses...)},
		Proxy:      {CommonName: "system:kube-proxy"},
		Controller: {CommonName: "system:k3s-controller"},
	}
	answer := &Answer{ClientCA: s.clientCA.PEM, Cluster: s.cluster, Certificates: map[Credential][]byte{}}
	for name, request := range asked.Requests {
		subject, known := subjects[name]
		if !known {
			return nil, fmt.Errorf("no certificate is called %q", name)
		}
		authority := s.clientCA
		if name == Serving {
			authority = s.serverCA
		}
		text, err := authority.SignRequest(request, subject)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		answer.Certificates[name] = text
	}
	return answer, nil
}
