// Package flannel connects the pods of all nodes by VXLAN or by routes, with the API as flannel's store.
package flannel

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log"
	"net"
	"os"
	"sync"
	"time"

	"github.com/flannel-io/flannel/pkg/backend"
	_ "github.com/flannel-io/flannel/pkg/backend/hostgw" // registers itself
	_ "github.com/flannel-io/flannel/pkg/backend/vxlan"  // registers itself
	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/ipmatch"
	"github.com/flannel-io/flannel/pkg/lease"
	"github.com/flannel-io/flannel/pkg/subnet"
	"github.com/flannel-io/flannel/pkg/subnet/kube"
	"github.com/flannel-io/flannel/pkg/trafficmngr/iptables"
	"k8s.io/apimachinery/pkg/util/wait"

	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/pki"
)

const (
	annotations = "flannel.alpha.coreos.com"
	retryEvery  = 2 * time.Second
	// Interval, in seconds, at which rules that another program removed are restored, as in flannel.
	resyncEvery = 5
)

// Node is the node's part of the network.
type Node struct {
	Name string
	// Interface carries the traffic between nodes; empty for that of IP or of the default route.
	Interface string
	// Config is flannel's own configuration; one is written for ClusterCIDR and Backend where this is empty.
	Config string
	// Backend is how pods' packets get to other nodes; empty for vxlan.
	Backend string
	// IP is the node's address; may be empty.
	IP          string
	ClusterCIDR string
	Kubeconfig  string
}

// Run waits for the interface and the node's pod CIDR, sets the network up, writes the CNI
// configuration, calls ready, and maintains the network until the context is done.
func (n Node) Run(ctx context.Context, group *sync.WaitGroup, ready func()) {
	var told sync.Once
	last := ""
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		err := n.once(ctx, group, func() { told.Do(ready) })
		if err == nil {
			err = errors.New("the backend ended")
		}
		if ctx.Err() == nil && err.Error() != last {
			log.Printf("flannel: %v; trying again", err)
			last = err.Error()
		}
	}, retryEvery)
}

func (n Node) once(ctx context.Context, group *sync.WaitGroup, ready func()) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	external, err := n.external()
	if err != nil {
		return err
	}
	file, err := n.configure()
	if err != nil {
		return err
	}
	manager, err := kube.NewSubnetManager(ctx, "", n.Kubeconfig, annotations, file, false)
	if err != nil {
		return err
	}
	config, err := manager.GetNetworkConfig(ctx)
	if err != nil {
		return err
	}
	chosen, err := backend.NewManager(ctx, manager, external).GetBackend(config.BackendType)
	if err != nil {
		return err
	}
	network, err := chosen.RegisterNetwork(ctx, group, config)
	if err != nil {
		return err
	}
	if err := rules(ctx, config, network.Lease()); err != nil {
		return err
	}
	if err := subnet.WriteSubnetFile(layout.FlannelSubnet, config, true, network.Lease().Subnet, ip.IP6Net{}, network.MTU()); err != nil {
		return err
	}
	if err := writeConflist(network.Lease().Subnet.String(), n.ClusterCIDR, network.MTU()); err != nil {
		return err
	}
	log.Printf("flannel: %s by %s over %s (%s), MTU %d", network.Lease().Subnet, config.BackendType, external.Iface.Name, external.ExtAddr, network.MTU())
	ready()
	network.Run(ctx)
	return nil
}

// external finds the interface that carries the traffic.
func (n Node) external() (*backend.ExternalInterface, error) {
	family, err := ipmatch.GetIPFamily(true, false)
	if err != nil {
		return nil, err
	}
	name := n.Interface
	if name == "" {
		name = n.IP
	}
	public := ipmatch.PublicIPOpts{}
	if net.ParseIP(n.IP) != nil {
		public.PublicIP = n.IP
	}
	return ipmatch.LookupExtIface(name, "", "", family, public)
}

// configure returns the path of flannel's configuration.
func (n Node) configure() (string, error) {
	// The only way to tell flannel which node it is on outside a pod.
	if err := os.Setenv("NODE_NAME", n.Name); err != nil {
		return "", err
	}
	if n.Config != "" {
		return n.Config, nil
	}
	text, err := json.Marshal(map[string]any{
		"Network":    n.ClusterCIDR,
		"EnableIPv4": true,
		"EnableIPv6": false,
		"Backend":    map[string]string{"Type": cmp.Or(n.Backend, "vxlan")},
	})
	if err != nil {
		return "", err
	}
	return layout.FlannelConfig, pki.WriteFile(layout.FlannelConfig, text, 0o644)
}

// rules forward the pods' traffic and masquerade it where it leaves the cluster.
func rules(ctx context.Context, config *subnet.Config, own *lease.Lease) error {
	traffic := &iptables.IPTablesManager{}
	if err := traffic.Init(ctx); err != nil {
		return err
	}
	previousNetwork, previousSubnet := previous()
	if previousNetwork.Empty() {
		previousNetwork, previousSubnet = config.Network, own.Subnet
	}
	if err := traffic.SetupAndEnsureMasqRules(ctx, config.Network, previousSubnet, previousNetwork,
		ip.IP6Net{}, ip.IP6Net{}, ip.IP6Net{}, own, resyncEvery, false); err != nil {
		return err
	}
	traffic.SetupAndEnsureForwardRules(ctx, config.Network, ip.IP6Net{}, resyncEvery)
	return nil
}

// Address is the IPv4 address of an interface, or of the default route's where it is empty.
func Address(interfaceName string) (string, error) {
	external, err := Node{Interface: interfaceName}.external()
	if err != nil {
		return "", err
	}
	return external.IfaceAddr.String(), nil
}
