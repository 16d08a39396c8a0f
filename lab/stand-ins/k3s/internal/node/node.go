// Package node runs what every node of a cluster has: containerd, kubelet, kube-proxy, flannel, network
// policies.
package node

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"k8s.io/apimachinery/pkg/util/wait"

	"fogline/lab/k3s/internal/component"
	"fogline/lab/k3s/internal/containerd"
	"fogline/lab/k3s/internal/flannel"
	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/options"
	"fogline/lab/k3s/internal/policy"
	"fogline/lab/k3s/internal/process"
)

const kubeletHealth = "http://127.0.0.1:10248/healthz"

// Run runs the node that joins o.ServerURL with o.Token until the context is done. It notifies the
// service manager once the kubelet and, unless the server is unreachable, the pod network are ready.
func Run(ctx context.Context, group *sync.WaitGroup, o *options.Options) error {
	if o.NodeIP == "" {
		address, err := flannel.Address(o.FlannelInterface)
		if err != nil {
			return fmt.Errorf("node-ip is not set and cannot be found: %w", err)
		}
		o.NodeIP = address
	}
	if err := os.MkdirAll(layout.StaticPodsDir, 0o700); err != nil {
		return err
	}
	prepareKernel()
	failed := make(chan error, 1)
	go func() { failed <- containerd.Start(ctx, group, o) }()
	cluster, alone, err := credentials(ctx, o)
	if err != nil {
		return err
	}
	if err := <-failed; err != nil {
		return err
	}
	kubelet, err := kubeletArgs(o, cluster)
	if err != nil {
		return err
	}
	process.Self(component.Kubelet, kubelet).Keep(ctx, group)
	process.Self(component.Proxy, proxyArgs(o, cluster)).Keep(ctx, group)
	if !cluster.NoNetworkPolicy {
		group.Go(func() {
			if err := policy.Enforce(ctx, o.NodeName, kubeconfig("k3scontroller")); err != nil {
				log.Printf("network policy: %v", err)
			}
		})
	} else if err := policy.Remove(ctx); err != nil {
		log.Printf("warning: network policy is not taken away: %v", err)
	}
	joined := make(chan struct{})
	group.Go(func() {
		flannel.Node{
			Name:        o.NodeName,
			Interface:   o.FlannelInterface,
			Config:      o.FlannelConfig,
			IP:          o.NodeIP,
			ClusterCIDR: cluster.ClusterCIDR,
			Backend:     cluster.FlannelBackend,
			Kubeconfig:  kubeconfig("k3scontroller"),
		}.Run(ctx, group, func() { close(joined) })
	})
	// Alone, the network stays as it was, and is maintained again once the server answers.
	if !alone {
		select {
		case <-ctx.Done():
			return nil
		case <-joined:
		}
	}
	return announce(ctx)
}

// announce notifies the service manager that the node is ready.
func announce(ctx context.Context) error {
	isHealthy := func(ctx context.Context) (bool, error) { return healthy(ctx), nil }
	if wait.PollUntilContextCancel(ctx, 250*time.Millisecond, true, isHealthy) != nil {
		return nil
	}
	log.Print("the node's parts run")
	_, err := daemon.SdNotify(false, daemon.SdNotifyReady)
	return err
}

func healthy(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, kubeletHealth, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// prepareKernel sets what routing between pods needs. A setting that the machine refuses or does
// not have is reported: it may be set already by whoever owns the machine.
func prepareKernel() {
	for _, setting := range []string{
		"net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding", "net/bridge/bridge-nf-call-iptables",
	} {
		file := filepath.Join("/proc/sys", setting)
		if text, err := os.ReadFile(file); err == nil && len(text) > 0 && text[0] == '1' {
			continue
		}
		if err := os.WriteFile(file, []byte("1"), 0o644); err != nil {
			log.Printf("warning: kernel setting not made: %v", err)
		}
	}
}
