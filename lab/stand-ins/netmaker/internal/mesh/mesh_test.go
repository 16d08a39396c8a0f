package mesh

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
	"pgregory.net/rapid"

	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/settings"
	"fogline/lab/netmaker/internal/store"
)

// draw makes a valid set of members: hosts, gateways with clients, relayed hosts and egresses.
func draw(t *rapid.T) store.State {
	network := model.Network{Name: "netmaker", AddressRange: "10.101.0.0/24", AddressRange6: "fd00:101::/64"}
	state := store.State{
		Networks: []model.Network{network},
		ACLs:     []model.ACL{{ID: AllNodes(network.Name), NetworkID: network.Name, Enabled: rapid.Bool().Draw(t, "all")}},
	}
	key := func() wgtypes.Key {
		var made wgtypes.Key
		copy(made[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key"))
		made[0], made[1] = byte(len(state.Hosts)), byte(len(state.Clients))
		return made
	}
	var gateways []string
	for i := range rapid.IntRange(1, 8).Draw(t, "hosts") {
		id := fmt.Sprintf("node-%d", i)
		host := model.Host{PublicKey: key(), EndpointIP: net.IPv4(192, 0, 2, byte(i))}
		host.Machine = model.Machine{ID: fmt.Sprintf("host-%d", i), Name: fmt.Sprintf("h%d", i), Nodes: []string{id}, ListenPort: 51821}
		node := model.Node{ID: id, HostID: host.ID, Network: network.Name, NetworkRange: network.AddressRange, NetworkRange6: network.AddressRange6}
		node.Connected = rapid.IntRange(0, 5).Draw(t, "connected") > 0
		node.Address, node.Address6 = addresses(t, state, network, FromStart)
		switch kind := rapid.IntRange(0, 2).Draw(t, "kind"); {
		case kind == 1:
			node.IsGw = true
			gateways = append(gateways, id)
		case kind == 2 && len(gateways) > 0:
			node.RelayedBy = rapid.SampledFrom(gateways).Draw(t, "relay")
		}
		state.Hosts, state.Nodes = append(state.Hosts, host), append(state.Nodes, node)
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "clients") {
		if len(gateways) == 0 {
			break
		}
		client := model.ExtClient{Network: network.Name, IngressGatewayID: rapid.SampledFrom(gateways).Draw(t, "gateway")}
		client.ClientSettings = model.ClientSettings{ClientID: fmt.Sprintf("client-%d", i), PublicKey: key().String(), Enabled: rapid.Bool().Draw(t, "enabled")}
		client.Address, client.Address6 = addresses(t, state, network, FromEnd)
		state.Clients = append(state.Clients, client)
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "egresses") {
		through := rapid.SampledFrom(state.Nodes).Draw(t, "through").ID
		state.Egresses = append(state.Egresses, model.Egress{
			ID: fmt.Sprint(i), Network: network.Name, Status: true, Nodes: map[string]int{through: 256},
			Range: rapid.SampledFrom([]string{"10.10.1.0/24", "10.10.0.0/16", "192.168.9.0/24"}).Draw(t, "range"),
		})
	}
	return state
}

func addresses(t *rapid.T, state store.State, network model.Network, order Order) (string, string) {
	v4, v6, err := NextAddresses(state, network, order)
	if err != nil {
		t.Fatal(err)
	}
	return v4, v6
}

func pulls(t *rapid.T, state store.State) map[string]model.HostPull {
	all := map[string]model.HostPull{}
	for _, host := range state.Hosts {
		pull, found := Server{Settings: settings.Settings{ManageDNS: true}}.Pull(state, host.ID)
		if !found {
			t.Fatalf("no %s", host.ID)
		}
		all[host.PublicKey.String()] = pull
	}
	return all
}

func TestNoTwoMembersShareAnAddress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := draw(t)
		taken := map[string]string{}
		claim := func(who string, texts ...string) {
			for _, text := range texts {
				address := bare(text)
				if other, is := taken[address]; is || address == "" {
					t.Fatalf("%s and %s have %s", who, other, address)
				}
				taken[address] = who
			}
		}
		for _, node := range state.Nodes {
			claim(node.ID, node.Address, node.Address6)
		}
		for _, client := range state.Clients {
			claim(client.ClientID, client.Address, client.Address6)
		}
	})
}

func TestPeersAreSymmetricalAndTheirRangesMinimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := pulls(t, draw(t))
		for key, pull := range all {
			var claimed []netip.Prefix
			for _, peer := range pull.Peers {
				if peer.PublicKey.String() == key {
					t.Fatalf("%s is its own peer", pull.Host.ID)
				}
				var own []netip.Prefix
				for _, each := range peer.AllowedIPs {
					own = append(own, netip.MustParsePrefix(each.String()))
				}
				for i, each := range own {
					for j, other := range own {
						if i != j && contains(other, each) {
							t.Fatalf("%s: %s lies in %s", pull.Host.ID, each, other)
						}
					}
					if slices.Contains(claimed, each) {
						t.Fatalf("%s: %s is at two peers", pull.Host.ID, each)
					}
				}
				claimed = append(claimed, own...)
				other, isHost := all[peer.PublicKey.String()]
				if isHost && !slices.ContainsFunc(other.Peers, func(p wgtypes.PeerConfig) bool { return p.PublicKey.String() == key }) {
					t.Fatalf("%s has %s for a peer, but not the other way round", pull.Host.ID, other.Host.ID)
				}
			}
		}
	})
}

func TestEveryMemberIsReachedFromEveryOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := draw(t)
		all := pulls(t, state)
		nodes := newView(state).nodes
		hosts := newView(state).hosts
		// hop is the host that an address is sent to.
		hop := func(pull model.HostPull, to netip.Addr) (model.HostPull, bool) {
			for _, peer := range pull.Peers {
				for _, each := range peer.AllowedIPs {
					if netip.MustParsePrefix(each.String()).Contains(to) {
						next, isHost := all[peer.PublicKey.String()]
						return next, isHost
					}
				}
			}
			return model.HostPull{}, false
		}
		for _, from := range state.Nodes {
			for _, to := range state.Nodes {
				if from.ID == to.ID || !active(from) || !active(to) {
					continue
				}
				at, address := all[hosts[from.HostID].PublicKey.String()], netip.MustParsePrefix(to.Address).Addr()
				// At most over both relays.
				for range 3 {
					if at.Host.ID == to.HostID {
						break
					}
					next, found := hop(at, address)
					if !found {
						t.Fatalf("%s (relay %q): %s knows no way to %s (relay %q)", from.ID, nodes[from.ID].RelayedBy, at.Host.ID, to.ID, to.RelayedBy)
					}
					at = next
				}
				if at.Host.ID != to.HostID {
					t.Fatalf("from %s to %s ends at %s", from.ID, to.ID, at.Host.ID)
				}
			}
		}
	})
}

func TestAFullRangeIsSaid(t *testing.T) {
	network := model.Network{Name: "n", AddressRange: "10.0.0.0/30"}
	state := store.State{Nodes: []model.Node{{Network: "n", Address: "10.0.0.1/30"}, {Network: "n", Address: "10.0.0.2/30"}}}
	if address, _, err := NextAddresses(state, network, FromStart); err == nil {
		t.Errorf("gave %s", address)
	}
}

func TestTheSmallestMetricCarriesARange(t *testing.T) {
	state := store.State{
		Nodes: []model.Node{{ID: "a", Network: "n", Connected: true}, {ID: "b", Network: "n", Connected: true}, {ID: "c", Network: "n"}},
		Egresses: []model.Egress{
			{Network: "n", Status: true, Range: "10.10.0.0/16", Nodes: map[string]int{"a": 256}},
			{Network: "n", Status: true, Range: "10.10.0.0/16", Nodes: map[string]int{"b": 10}},
			{Network: "n", Status: true, Range: "10.10.0.0/16", Nodes: map[string]int{"c": 1}},
			{Network: "n", Status: false, Range: "10.20.0.0/16", Nodes: map[string]int{"a": 1}},
		},
	}
	via := newView(state).egressVia("n")
	if len(via) != 1 || via[netip.MustParsePrefix("10.10.0.0/16")].ID != "b" {
		t.Errorf("%v", via)
	}
}
