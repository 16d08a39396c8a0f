package api

import (
	"cmp"
	"errors"
	"net/http"
	"slices"

	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/store"
)

var errInternetGateway = refusal{
	http.StatusBadRequest, "internet gateways: not supported by the lab's stand-in for Netmaker",
}

// Defaults of a gateway.
const (
	gatewayMTU         = 1420
	gatewayDescription = "This host can be used for remote access"
)

func createGateway(c *call, node model.Node) (any, error) {
	body, err := read[struct {
		DNS        string   `json:"extclientdns"`
		Internet   bool     `json:"is_internet_gw"`
		Metadata   string   `json:"metadata"`
		Keepalive  int32    `json:"persistentkeepalive"`
		MTU        int32    `json:"mtu"`
		RelayAddrs []string `json:"relayaddrs"`
	}](c)
	if err != nil {
		return nil, bad(err)
	}
	host, err := store.Hosts.Get(c.tx, node.HostID)
	switch {
	case err != nil:
		return nil, err
	case body.Internet:
		return nil, errInternetGateway
	case host.OS != "linux":
		return nil, errors.New("gateway can only be created on linux based node")
	case node.IsGw:
		return nil, errors.New("node is already acting as a relay")
	case node.RelayedBy != "":
		return nil, errors.New("node is behind a relay")
	}
	node.IsGw, node.IsIngressGateway, node.IsRelay = true, true, true
	node.IngressDNS, node.IngressMTU = body.DNS, cmp.Or(body.MTU, gatewayMTU)
	node.IngressPersistentKeepalive = cmp.Or(body.Keepalive, defaultKeepalive)
	node.Metadata = cmp.Or(body.Metadata, gatewayDescription)
	// Clients have this endpoint in a file, so it must not change.
	host.IsStaticPort = true
	for _, id := range body.RelayAddrs {
		if err := c.relay(id, node.ID, node.Network); err != nil {
			return nil, err
		}
		node.RelayedNodes = append(node.RelayedNodes, id)
	}
	return node, errors.Join(store.Hosts.Put(c.tx, host.ID, host), store.Nodes.Put(c.tx, node.ID, node))
}

func deleteGateway(c *call, node model.Node) (any, error) {
	if err := c.dropGateway(node); err != nil {
		return nil, err
	}
	return store.Nodes.Get(c.tx, node.ID)
}

// dropGateway makes a gateway a plain member; its clients are deleted, its relayed nodes connect directly.
func (c *call) dropGateway(node model.Node) error {
	state, err := store.Load(c.tx)
	if err != nil {
		return err
	}
	var errs []error
	for _, client := range state.Clients {
		if client.IngressGatewayID == node.ID {
			errs = append(errs, c.dropClient(client))
		}
	}
	for _, other := range state.Nodes {
		if other.RelayedBy == node.ID {
			other.IsRelayed, other.RelayedBy = false, ""
			errs = append(errs, store.Nodes.Put(c.tx, other.ID, other))
		}
		if slices.Contains(other.RelayedNodes, node.ID) {
			other.RelayedNodes = without(other.RelayedNodes, node.ID)
			errs = append(errs, store.Nodes.Put(c.tx, other.ID, other))
		}
	}
	node.IsGw, node.IsIngressGateway, node.IsRelay = false, false, false
	node.RelayedNodes = []string{}
	return errors.Join(append(errs, store.Nodes.Put(c.tx, node.ID, node))...)
}

func (c *call) relay(id, gateway, network string) error {
	node, err := store.Nodes.Get(c.tx, id)
	switch {
	case err != nil:
		return bad(err)
	case node.Network != network:
		return badRequest("node and gateway are of different networks")
	case node.IsGw:
		return badRequest("a gateway cannot use a gw")
	case node.RelayedBy != "":
		return badRequest("node is already using a gw")
	}
	node.IsRelayed, node.RelayedBy = true, gateway
	return store.Nodes.Put(c.tx, id, node)
}

func assignGateway(c *call, node model.Node) (any, error) {
	gateway, err := store.Nodes.Get(c.tx, c.FormValue("gw_id"))
	if err != nil {
		return nil, bad(err)
	}
	if !gateway.IsGw {
		return nil, badRequest("node %s is not a gateway", gateway.ID)
	}
	if err := c.relay(node.ID, gateway.ID, gateway.Network); err != nil {
		return nil, err
	}
	gateway.RelayedNodes = append(gateway.RelayedNodes, node.ID)
	if err := store.Nodes.Put(c.tx, gateway.ID, gateway); err != nil {
		return nil, err
	}
	node, err = store.Nodes.Get(c.tx, node.ID)
	return wrapped{"assigned gateway", node}, err
}

func unassignGateway(c *call, node model.Node) (any, error) {
	if node.RelayedBy != "" {
		gateway, err := store.Nodes.Get(c.tx, node.RelayedBy)
		if err != nil {
			return nil, err
		}
		gateway.RelayedNodes = without(gateway.RelayedNodes, node.ID)
		if err := store.Nodes.Put(c.tx, gateway.ID, gateway); err != nil {
			return nil, err
		}
		node.IsRelayed, node.RelayedBy = false, ""
	}
	return wrapped{"unassigned gateway", node}, store.Nodes.Put(c.tx, node.ID, node)
}
