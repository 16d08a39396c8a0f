package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"fogline/lab/k3s/internal/join"
	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/nodepassword"
	"fogline/lab/k3s/internal/options"
	"fogline/lab/k3s/internal/pki"
	"fogline/lab/k3s/internal/token"
)

const (
	joinPause = 2 * time.Second
	// passwordPause is the time between retries, about that of K3s.
	passwordPause = 5 * time.Second
	// storedAfter is how long a node that joined before waits for its server at a start.
	storedAfter = 10 * time.Second
)

func base(name join.Credential) string { return layout.Agent(string(name)) }

func kubeconfig(name string) string { return layout.Agent(name + ".kubeconfig") }

// credentials gets the node's certificates and what the cluster agreed on. A node that has joined
// before starts alone, with what it has, when the server is away.
func credentials(ctx context.Context, o *options.Options) (cluster join.Cluster, alone bool, err error) {
	secret, err := token.Parse(o.Token)
	if err != nil {
		return join.Cluster{}, false, err
	}
	password, err := nodepassword.Own(layout.PasswordFile)
	if err != nil {
		return join.Cluster{}, false, err
	}
	asked := join.Request{Node: o.NodeName, Password: password, Addresses: []string{"127.0.0.1", o.NodeIP}, Requests: map[join.Credential][]byte{}}
	if o.NodeExternalIP != "" {
		asked.Addresses = append(asked.Addresses, o.NodeExternalIP)
	}
	for _, name := range join.Credentials {
		if asked.Requests[name], err = pki.Request(base(name) + ".key"); err != nil {
			return join.Cluster{}, false, err
		}
	}
	stored, hasStored := storedCluster()
	began, last := time.Now(), ""
	for {
		bundle, answer, err := join.Ask(ctx, strings.TrimSuffix(o.ServerURL, "/"), secret, asked)
		if err == nil {
			return answer.Cluster, false, store(o.ServerURL, bundle, answer)
		}
		if ctx.Err() != nil {
			return join.Cluster{}, false, ctx.Err()
		}
		if errors.Is(err, join.ErrRefused) {
			return join.Cluster{}, false, err
		}
		pause, rejected := joinPause, errors.Is(err, join.ErrPassword)
		if rejected {
			pause = passwordPause
		}
		if hasStored && !rejected && time.Since(began) > storedAfter {
			log.Printf("the server does not answer (%v): starting with the certificates of an earlier join", err)
			return stored, true, nil
		}
		if text := err.Error(); text != last {
			log.Printf("Waiting to retrieve agent configuration; server is not ready: %s", text)
			last = text
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func storedCluster() (join.Cluster, bool) {
	var cluster join.Cluster
	text, err := os.ReadFile(layout.JoinedFile)
	if err != nil || json.Unmarshal(text, &cluster) != nil {
		return cluster, false
	}
	return cluster, true
}

// store writes the certificates, then the kubeconfigs, and last the file that says all is there.
func store(api string, bundle []byte, answer *join.Answer) error {
	files := map[string][]byte{layout.Agent("server-ca.crt"): bundle, layout.Agent("client-ca.crt"): answer.ClientCA}
	for _, name := range join.Credentials {
		text, ok := answer.Certificates[name]
		if !ok {
			return fmt.Errorf("the server gave no certificate %s", name)
		}
		files[base(name)+".crt"] = text
	}
	for file, text := range files {
		if err := pki.WriteFile(file, text, 0o644); err != nil {
			return err
		}
	}
	for name, credential := range map[string]join.Credential{
		"kubelet": join.Kubelet, "kubeproxy": join.Proxy, "k3scontroller": join.Controller,
	} {
		if err := pki.WriteKubeconfig(kubeconfig(name), api, bundle, base(credential), 0o600); err != nil {
			return err
		}
	}
	return pki.WriteFile(layout.JoinedFile, []byte(answer.Cluster.String()), 0o644)
}
