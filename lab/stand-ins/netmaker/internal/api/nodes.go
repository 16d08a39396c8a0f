package api

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/store"
)

// silentAfter is how long a member may not check in before it counts as offline.
const silentAfter = 10 * time.Minute

func listNodes(c *call) (any, error) {
	state, err := store.Load(c.tx)
	if err != nil {
		return nil, err
	}
	network := c.PathValue("network")
	answer := []model.Node{}
	for _, node := range state.Nodes {
		if network == "" || node.Network == network {
			answer = append(answer, withStatus(node, state.Egresses))
		}
	}
	for _, client := range state.Clients {
		if network == "" || client.Network == network {
			answer = append(answer, staticNode(client))
		}
	}
	return answer, nil
}

func withStatus(node model.Node, egresses []model.Egress) model.Node {
	node.Status = "online"
	if time.Since(time.Unix(node.LastCheckIn, 0)) > silentAfter {
		node.Status = "offline"
	}
	for _, egress := range egresses {
		if _, through := egress.Nodes[node.ID]; through && egress.Status {
			node.IsEgressGateway, node.EgressGatewayNatEnabled = true, egress.Nat
			node.EgressGatewayRanges = append(node.EgressGatewayRanges, egress.Range)
		}
	}
	return node
}

// staticNode shows an external client among the members.
func staticNode(client model.ExtClient) model.Node {
	client.PrivateKey = ""
	return model.Node{
		ID: model.NoID, HostID: model.NoID, FailedOverBy: model.NoID, Network: client.Network,
		Address: client.Address, Address6: client.Address6, IsStatic: true, StaticNode: client,
		Connected: client.Enabled, Status: "unknown", AllowedIPs: []string{}, RelayedNodes: []string{},
		Tags: client.Tags,
	}
}

// withNode is a handler that gets the node that the path names.
func withNode(handle func(*call, model.Node) (any, error)) handler {
	return func(c *call) (any, error) {
		node, err := store.Nodes.Get(c.tx, c.PathValue("node"))
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil, badRequest("error fetching node during parameter validation: %v", err)
		case err != nil:
			return nil, err
		case node.Network != c.PathValue("network"):
			return nil, badRequest("network url param does not match node network")
		}
		return handle(c, node)
	}
}

// withOwnNode is a handler that gets a node of the calling host.
func withOwnNode(handle func(*call, model.Node) (any, error)) handler {
	return withNode(func(c *call, node model.Node) (any, error) {
		if c.user != master && node.HostID != c.user {
			return nil, errUnauthorized
		}
		return handle(c, node)
	})
}

func getNode(c *call, node model.Node) (any, error) {
	state, err := store.Load(c.tx)
	if err != nil {
		return nil, err
	}
	pull, _ := c.Server.mesh().Pull(state, node.HostID)
	return map[string]any{
		"node": node, "host": pull.Host, "peers": pull.Peers, "host_peers": pull.Peers,
		"serverconfig": pull.ServerConfig,
	}, nil
}

func deleteNode(c *call, node model.Node) (any, error) {
	return wrapped{node.ID + " deleted", nil}, c.removeNode(node)
}

func updateNode(c *call, node model.Node) (any, error) {
	wanted, err := read[model.Node](c)
	if err != nil {
		return nil, bad(err)
	}
	if wanted.ID != "" && wanted.ID != node.ID {
		return nil, badRequest("node id mismatch")
	}
	if wanted.Address != node.Address && wanted.Address != "" || wanted.Address6 != node.Address6 && wanted.Address6 != "" {
		if err := c.checkNewAddress(node, wanted); err != nil {
			return nil, err
		}
		node.Address, node.Address6 = wanted.Address, wanted.Address6
	}
	if wanted.IsInternetGateway {
		return nil, errInternetGateway
	}
	node.Connected, node.IngressDNS, node.Metadata = wanted.Connected, wanted.IngressDNS, wanted.Metadata
	node.IngressMTU = wanted.IngressMTU
	node.IngressPersistentKeepalive = wanted.IngressPersistentKeepalive
	node.LastModified = time.Now().Unix()
	return node, store.Nodes.Put(c.tx, node.ID, node)
}

func (c *call) checkNewAddress(node, wanted model.Node) error {
	state, err := store.Load(c.tx)
	if err != nil {
		return err
	}
	for _, pair := range [][2]string{{wanted.Address, node.NetworkRange}, {wanted.Address6, node.NetworkRange6}} {
		if pair[0] == "" {
			continue
		}
		address, err := netip.ParsePrefix(pair[0])
		within, err2 := netip.ParsePrefix(pair[1])
		if err != nil || err2 != nil || !within.Contains(address.Addr()) || address.Bits() != within.Bits() {
			return badRequest("invalid ip specified: %s is not of %s", pair[0], pair[1])
		}
		if slices.ContainsFunc(state.Nodes, func(n model.Node) bool {
			return n.ID != node.ID && n.Network == node.Network && (n.Address == pair[0] || n.Address6 == pair[0])
		}) || slices.ContainsFunc(state.Clients, func(e model.ExtClient) bool {
			return e.Network == node.Network && (e.Address == address.Addr().String() || e.Address6 == address.Addr().String())
		}) {
			return badRequest("ip specified is already allocated: %s", pair[0])
		}
	}
	return nil
}
