package join

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"fogline/lab/k3s/internal/encryption"
	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/nodepassword"
	"fogline/lab/k3s/internal/pki"
	"fogline/lab/k3s/internal/token"
)

// Server answers nodes that present the agents' secret, and the requests of this build that need the
// server's secret.
type Server struct {
	serverCA, clientCA *pki.Authority
	tokens             *tokens
	// password checks a node's password, or keeps the first.
	password func(ctx context.Context, node, password string) error
	cluster  Cluster
	// encryption keeps the keys of Secrets.
	encryption encryption.Server
}

// Open reads the CAs, the tokens and the cluster's settings from the server's folder. Secrets are encrypted where
// the API server was given a configuration for it.
func Open(encrypts bool) (*Server, error) {
	s := &Server{password: ensurePassword}
	s.encryption = encryption.Server{
		Files:    encryption.Files{Config: layout.EncryptionConfig, State: layout.EncryptionState},
		Encrypts: encrypts,
		Client:   client,
	}
	var err error
	if s.serverCA, err = pki.OpenAuthority(layout.Server("server-ca")); err != nil {
		return nil, err
	}
	if s.clientCA, err = pki.OpenAuthority(layout.Server("client-ca")); err != nil {
		return nil, err
	}
	if s.tokens, err = openTokens(layout.TokenFile, layout.AgentTokenFile); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(layout.ClusterFile)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &s.cluster); err != nil {
		return nil, fmt.Errorf("%s: %w", layout.ClusterFile, err)
	}
	return s, nil
}

func client() (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", layout.Credential("supervisor"))
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

// ensurePassword calls the API, which is up before any node can join.
func ensurePassword(ctx context.Context, node, password string) error {
	client, err := client()
	if err != nil {
		return err
	}
	return nodepassword.Ensure(ctx, client.CoreV1().Secrets(meta.NamespaceSystem), node, password)
}

// Wrap handles the requests of joining nodes and passes all others to the next handler.
func (s *Server) Wrap(next http.Handler) http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "pong") })
	routes.HandleFunc("GET "+pathBundle, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(s.serverCA.PEM) })
	routes.HandleFunc("POST "+pathNode, s.only(token.Agent, s.node))
	routes.HandleFunc("PUT "+pathToken, s.only(token.Server, s.rotate))
	routes.HandleFunc(pathBootstrap, s.only(token.Server, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "etcd disabled", http.StatusBadRequest)
	}))
	routes.HandleFunc(pathEncryptionState, s.only(token.Server, s.encryption.Status))
	routes.HandleFunc(pathEncryption, s.only(token.Server, s.encryption.Change))
	routes.HandleFunc(pathPrefix+"cert/cacerts", s.only(token.Server, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not supported by this build", http.StatusNotImplemented)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := routes.Handler(r); pattern != "" {
			routes.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// only admits one user: status 401 for a wrong secret, 403 for another user.
func (s *Server) only(user string, handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name, secret, _ := r.BasicAuth()
		switch {
		case !s.tokens.knows(name, secret):
			http.Error(w, "not authorized", http.StatusUnauthorized)
		case name != user:
			http.Error(w, "forbidden", http.StatusForbidden)
		default:
			handle(w, r)
		}
	}
}

func (s *Server) node(w http.ResponseWriter, r *http.Request) {
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
	switch err := s.password(r.Context(), asked.Node, asked.Password); {
	case errors.Is(err, nodepassword.ErrRejected):
		log.Print(err)
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	log.Printf("certificates issued to node %s at %s", asked.Node, r.RemoteAddr)
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		log.Printf("node %s did not take its certificates: %v", asked.Node, err)
	}
}

func (s *Server) rotate(w http.ResponseWriter, r *http.Request) {
	var asked Rotation
	if err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := s.tokens.rotate(s.serverCA.PEM, asked.NewToken); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (s *Server) answer(asked Request) (*Answer, error) {
	if problems := validation.IsDNS1123Subdomain(asked.Node); len(problems) > 0 {
		return nil, fmt.Errorf("%q is not a node's name: %v", asked.Node, problems)
	}
	if asked.Password == "" {
		return nil, errors.New("node password not set")
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
