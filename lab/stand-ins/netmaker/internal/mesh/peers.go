package mesh

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/store"
)

// Endpoint is where a host's tunnels end, as host:port; empty when it has no address.
func Endpoint(host model.Host) string {
	ip := host.EndpointIP
	if ip == nil {
		ip = host.EndpointIPv6
	}
	if ip == nil {
		return ""
	}
	return net.JoinHostPort(ip.String(), fmt.Sprint(host.ListenPort))
}

// peer is the other end of a tunnel while it is put together.
type peer struct {
	key       wgtypes.Key
	endpoint  string
	keepalive time.Duration
	ranges    []netip.Prefix
	network   string
	// egress are the ranges that need a route; the rest is on the interface's own.
	egress []netip.Prefix
}

// view is the state, indexed.
type view struct {
	store.State
	hosts map[string]model.Host
	nodes map[string]model.Node
}

func newView(state store.State) view {
	return view{
		State: state,
		hosts: byID(state.Hosts, func(h model.Host) string { return h.ID }),
		nodes: byID(state.Nodes, func(n model.Node) string { return n.ID }),
	}
}

func active(node model.Node) bool { return node.Connected && !node.PendingDelete }

// router is the node that carries traffic to a node: its relay, or itself.
func (v view) router(node model.Node) model.Node {
	if relay, found := v.nodes[node.RelayedBy]; found && active(relay) {
		return relay
	}
	return node
}

// clientsOf are the clients behind a gateway that are not shut off.
func (v view) clientsOf(node model.Node) []model.ExtClient {
	return slices.DeleteFunc(slices.Clone(v.Clients), func(client model.ExtClient) bool {
		return client.IngressGatewayID != node.ID || !client.Enabled
	})
}

// clientRanges are a client's addresses and what is behind it.
func clientRanges(client model.ExtClient) []netip.Prefix {
	return append(Single(client.Address, client.Address6), prefixes(client.ExtraAllowedIPs...)...)
}

// egressVia tells for each egress range of a network the node that carries it: the smallest metric
// wins, then the smallest id, as WireGuard has a range at one peer alone.
func (v view) egressVia(network string) map[netip.Prefix]model.Node {
	type offer struct {
		node   model.Node
		metric int
	}
	best := map[netip.Prefix]offer{}
	for _, egress := range v.Egresses {
		prefix, err := netip.ParsePrefix(egress.Range)
		if egress.Network != network || !egress.Status || err != nil {
			continue
		}
		for id, metric := range egress.Nodes {
			node, found := v.nodes[id]
			if !found || !active(node) {
				continue
			}
			old, taken := best[prefix]
			if !taken || cmp.Or(cmp.Compare(metric, old.metric), cmp.Compare(id, old.node.ID)) < 0 {
				best[prefix] = offer{node, metric}
			}
		}
	}
	via := map[netip.Prefix]model.Node{}
	for prefix, offer := range best {
		via[prefix] = offer.node
	}
	return via
}

// peers computes the other ends of a host's tunnels, over all its networks, by public key.
func (v view) peers(host model.Host) []peer {
	found := map[wgtypes.Key]*peer{}
	add := func(next peer) {
		// A host that is met in two networks is one peer.
		if old, known := found[next.key]; known {
			old.ranges = append(old.ranges, next.ranges...)
			old.egress = append(old.egress, next.egress...)
			return
		}
		found[next.key] = &next
	}
	for _, id := range host.Nodes {
		node, known := v.nodes[id]
		if !known || !active(node) {
			continue
		}
		for _, each := range v.peersOf(node) {
			add(each)
		}
	}
	all := []peer{}
	for _, each := range found {
		each.ranges, each.egress = minimal(each.ranges), minimal(each.egress)
		all = append(all, *each)
	}
	slices.SortFunc(all, func(a, b peer) int { return cmp.Compare(a.key.String(), b.key.String()) })
	return all
}

// peersOf computes a node's peers in its network.
func (v view) peersOf(node model.Node) []peer {
	via := v.egressVia(node.Network)
	byRouter := map[string]*peer{}
	router := func(other model.Node) *peer {
		next := v.router(other)
		if v.router(node).ID != node.ID {
			// A relayed node has one peer, which knows the way to everybody.
			next = v.router(node)
		}
		if next.ID == node.ID {
			next = other
		}
		if byRouter[next.ID] == nil {
			host := v.hosts[next.HostID]
			byRouter[next.ID] = &peer{
				key: host.PublicKey, endpoint: Endpoint(host), keepalive: v.hosts[node.HostID].PersistentKeepalive,
				network: node.Network,
			}
		}
		return byRouter[next.ID]
	}
	for _, other := range v.Nodes {
		if other.Network != node.Network || other.ID == node.ID || !active(other) {
			continue
		}
		p := router(other)
		p.ranges = append(p.ranges, Single(other.Address, other.Address6)...)
		for _, client := range v.clientsOf(other) {
			p.ranges = append(p.ranges, clientRanges(client)...)
			p.egress = append(p.egress, prefixes(client.ExtraAllowedIPs...)...)
		}
	}
	for prefix, carrier := range via {
		if carrier.ID == node.ID {
			continue
		}
		p := router(carrier)
		p.ranges, p.egress = append(p.ranges, prefix), append(p.egress, prefix)
	}
	all := []peer{}
	for _, each := range byRouter {
		all = append(all, *each)
	}
	return append(all, v.clientPeers(node)...)
}

// clientPeers are the clients behind a gateway: they dial in, so they have no endpoint.
func (v view) clientPeers(node model.Node) []peer {
	var all []peer
	for _, client := range v.clientsOf(node) {
		key, err := wgtypes.ParseKey(client.PublicKey)
		if err != nil {
			continue
		}
		all = append(all, peer{
			key: key, ranges: clientRanges(client), network: node.Network, egress: prefixes(client.ExtraAllowedIPs...),
			keepalive: time.Duration(node.IngressPersistentKeepalive) * time.Second,
		})
	}
	return all
}

// ClientRanges are what an external client sends into its tunnel: its network, the egress ranges and
// what is behind other clients.
func ClientRanges(state store.State, client model.ExtClient) []netip.Prefix {
	v := newView(state)
	ranges, more := v.networkRanges(client.Network), slices.Collect(maps.Keys(v.egressVia(client.Network)))
	for _, other := range state.Clients {
		if other.Network == client.Network && other.ClientID != client.ClientID && other.Enabled {
			more = append(more, prefixes(other.ExtraAllowedIPs...)...)
		}
	}
	for _, each := range minimal(more) {
		if !slices.ContainsFunc(ranges, func(r netip.Prefix) bool { return contains(r, each) }) {
			ranges = append(ranges, each)
		}
	}
	return ranges
}

// networkRanges are a network's own.
func (v view) networkRanges(name string) []netip.Prefix {
	at := slices.IndexFunc(v.Networks, func(n model.Network) bool { return n.Name == name })
	if at < 0 {
		return nil
	}
	return prefixes(v.Networks[at].AddressRange, v.Networks[at].AddressRange6)
}

// Single makes addresses, with a prefix length or without, ranges of one address; what is none is left out.
func Single(texts ...string) []netip.Prefix {
	var found []netip.Prefix
	for _, text := range texts {
		bare, _, _ := strings.Cut(text, "/")
		if address, err := netip.ParseAddr(bare); err == nil {
			found = append(found, netip.PrefixFrom(address, address.BitLen()))
		}
	}
	return found
}

// prefixes reads ranges; empty ones are left out.
func prefixes(texts ...string) []netip.Prefix {
	var found []netip.Prefix
	for _, text := range texts {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			found = append(found, prefix.Masked())
		}
	}
	return found
}
