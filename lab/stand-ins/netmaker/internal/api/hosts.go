package api

import (
	"cmp"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/google/uuid"

	"fogline/lab/netmaker/internal/mesh"
	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/store"
)

func listHosts(c *call) (any, error) {
	all, err := store.Hosts.List(c.tx)
	answer := []model.APIHost{}
	for _, host := range all {
		answer = append(answer, host.API())
	}
	return answer, err
}

// host finds a host by its id.
func (c *call) host(id string) (model.Host, error) {
	if _, err := uuid.Parse(id); err != nil {
		return model.Host{}, badRequest("failed to parse host id: %v", err)
	}
	return record(store.Hosts.Get(c.tx, id))
}

// updateHost takes what users may change of a host.
func updateHost(c *call) (any, error) {
	wanted, err := read[model.APIHost](c)
	if err != nil {
		return nil, err
	}
	host, err := c.host(wanted.ID)
	if err != nil {
		return nil, err
	}
	host.Name, host.IsStatic, host.IsStaticPort = wanted.Name, wanted.IsStatic, wanted.IsStaticPort
	host.IsDefault, host.AutoUpdate, host.DNS = wanted.IsDefault, wanted.AutoUpdate, wanted.DNS
	host.PersistentKeepalive = time.Duration(wanted.PersistentKeepalive) * time.Second
	host.MTU, host.ListenPort = cmp.Or(wanted.MTU, host.MTU), cmp.Or(wanted.ListenPort, host.ListenPort)
	if ip := net.ParseIP(wanted.EndpointIP); ip != nil {
		host.EndpointIP = ip
	}
	if ip := net.ParseIP(wanted.EndpointIPv6); ip != nil {
		host.EndpointIPv6 = ip
	}
	return host.API(), store.Hosts.Put(c.tx, host.ID, host)
}

func deleteHost(c *call) (any, error) {
	host, err := c.host(c.PathValue("host"))
	if err != nil {
		return nil, err
	}
	if len(host.Nodes) > 0 && c.FormValue("force") != "true" {
		return nil, errors.New("host still has associated nodes")
	}
	for _, id := range host.Nodes {
		node, err := store.Nodes.Get(c.tx, id)
		if err == nil {
			err = c.removeNode(node)
		}
		if err != nil {
			return nil, err
		}
	}
	host.Nodes = []string{}
	gone := store.DeletedHost{ID: host.ID, Key: host.TrafficKeyPublic}
	return wrapped{"deleted host " + host.Name, host.API()}, errors.Join(
		store.Deleted.Put(c.tx, host.ID, gone), store.Hosts.Delete(c.tx, host.ID))
}

func joinNetwork(c *call) (any, error) {
	host, err := c.host(c.PathValue("host"))
	if err != nil {
		return nil, err
	}
	name := c.PathValue("network")
	if _, err := record(store.Networks.Get(c.tx, name)); err != nil {
		return nil, err
	}
	if _, found, err := c.nodeOf(host, name); err != nil {
		return nil, err
	} else if found {
		return nil, errors.New("host already part of network " + name)
	}
	node, err := c.addNode(host.ID, name)
	if err != nil {
		return nil, err
	}
	return empty{}, c.nameNode(host, node)
}

func leaveNetwork(c *call) (any, error) {
	host, err := c.host(c.PathValue("host"))
	if errors.Is(err, errNoRecord) {
		return nil, badRequest("node not found")
	} else if err != nil {
		return nil, err
	}
	force := c.FormValue("force") == "true"
	node, found, err := c.nodeOf(host, c.PathValue("network"))
	switch {
	case err != nil:
		return nil, err
	case !found && force:
		// What is left of a membership, of which there is nothing here.
		return empty{}, nil
	case !found:
		return nil, errors.New("host not part of the network " + c.PathValue("network"))
	case force:
		return empty{}, c.removeNode(node)
	}
	node.PendingDelete = true
	return empty{}, store.Nodes.Put(c.tx, node.ID, node)
}

// nodeOf finds a host's membership of a network.
func (c *call) nodeOf(host model.Host, network string) (model.Node, bool, error) {
	for _, id := range host.Nodes {
		node, err := store.Nodes.Get(c.tx, id)
		if err != nil || node.Network == network {
			return node, err == nil, err
		}
	}
	return model.Node{}, false, nil
}

// addNode makes a host a member of a network; the host's record does not name the membership yet.
func (c *call) addNode(hostID, name string) (model.Node, error) {
	state, err := store.Load(c.tx)
	if err != nil {
		return model.Node{}, err
	}
	at := slices.IndexFunc(state.Networks, func(n model.Network) bool { return n.Name == name })
	if at < 0 {
		return model.Node{}, errNoRecord
	}
	network := state.Networks[at]
	address, address6, err := mesh.NextAddresses(state, network, mesh.FromStart)
	if err != nil {
		return model.Node{}, err
	}
	now := time.Now().Unix()
	node := model.Node{
		ID: uuid.NewString(), HostID: hostID, Network: name, Address: address, Address6: address6,
		NetworkRange: network.AddressRange, NetworkRange6: network.AddressRange6, Connected: true,
		Server: c.settings.Server, LastModified: now, LastCheckIn: now, DNSOn: c.settings.ManageDNS,
		FailedOverBy: model.NoID, AllowedIPs: []string{}, RelayedNodes: []string{},
		EgressGatewayRanges: []string{}, AdditionalRagIPs: []string{}, AutoRelayedPeers: map[string]string{},
		FailOverPeers: map[string]struct{}{}, Tags: map[string]struct{}{},
	}
	return node, store.Nodes.Put(c.tx, node.ID, node)
}

// nameNode writes a membership into its host's record: all of the record is written, as the caller knew it.
func (c *call) nameNode(host model.Host, node model.Node) error {
	current, err := store.Hosts.Get(c.tx, host.ID)
	if err != nil {
		return err
	}
	host.Nodes = append(current.Nodes, node.ID)
	return store.Hosts.Put(c.tx, host.ID, host)
}

// removeNode deletes a membership with everything that depends on it; rules, egresses and keys are updated later.
func (c *call) removeNode(node model.Node) error {
	errs := []error{c.dropGateway(node), store.Nodes.Delete(c.tx, node.ID)}
	host, err := store.Hosts.Get(c.tx, node.HostID)
	if err == nil {
		host.Nodes = without(host.Nodes, node.ID)
		err = store.Hosts.Put(c.tx, host.ID, host)
	}
	c.after(func(c *call) error {
		return errors.Join(c.dropFromACLs(model.EndDevice, node.ID), c.dropFromEgresses(node.ID))
	})
	return errors.Join(append(errs, err)...)
}

func (c *call) dropFromEgresses(nodeID string) error {
	through := func(egress model.Egress) bool { _, is := egress.Nodes[nodeID]; return is }
	return store.Egresses.Each(c.tx, through, func(egress model.Egress) error {
		delete(egress.Nodes, nodeID)
		return store.Egresses.Put(c.tx, egress.ID, egress)
	})
}

// hostFallback takes what a host tells the server while the broker is down.
func hostFallback(c *call, update model.HostUpdate) (any, error) {
	return wrapped{"updated host data", nil}, c.Server.applyHostUpdate(c.tx, c.PathValue("host"), update)
}

func pullHost(c *call) (any, error) {
	state, err := store.Load(c.tx)
	if err != nil {
		return nil, err
	}
	pull, found := c.Server.mesh().Pull(state, c.user)
	if !found {
		return nil, badRequest("record not found")
	}
	return pull, nil
}
