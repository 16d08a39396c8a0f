package mesh

import (
	"net"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/settings"
	"fogline/lab/netmaker/internal/store"
)

// Server is what members receive about the server.
type Server struct {
	Settings   settings.Settings
	TrafficKey []byte
}

// Config is the server as netclient knows it.
func (s Server) Config() model.ServerConfig {
	_, port, err := net.SplitHostPort(s.Settings.APIConn)
	if err != nil {
		port = "443"
	}
	return model.ServerConfig{
		API: s.Settings.APIConn, APIHost: s.Settings.APIHost, APIPort: port, DNSMode: "off",
		Version: settings.Version, MQUserName: s.Settings.MQUserName, MQPassword: s.Settings.MQPassword,
		BrokerType: "mosquitto", Server: s.Settings.Server, Broker: s.Settings.Broker,
		TrafficKey: s.TrafficKey, ManageDNS: s.Settings.ManageDNS, DefaultDomain: s.Settings.DefaultDomain,
	}
}

// Pull computes everything that a host needs; false when there is no such host.
func (s Server) Pull(state store.State, hostID string) (model.HostPull, bool) {
	v := newView(state)
	host, found := v.hosts[hostID]
	if !found {
		return model.HostPull{}, false
	}
	pull := model.HostPull{
		Host: host, Nodes: []model.PullNode{}, Peers: []wgtypes.PeerConfig{}, ServerConfig: s.Config(),
		EgressRoutes: []model.EgressRoute{}, FwUpdate: v.firewall(host), ReplacePeers: true,
		DNS: []model.DNSEntry{},
	}
	pull.Host.HostPass = ""
	networks := map[string]bool{}
	for _, id := range host.Nodes {
		node, found := v.nodes[id]
		if !found {
			continue
		}
		pull.Nodes = append(pull.Nodes, pullNode(node))
		if active(node) {
			networks[node.Network] = true
		}
	}
	for _, each := range v.peers(host) {
		pull.Peers = append(pull.Peers, each.config())
		if len(each.egress) > 0 {
			pull.EgressRoutes = append(pull.EgressRoutes, each.route())
		}
	}
	if s.Settings.ManageDNS && host.DNS != "no" {
		pull.DNS = namesFor(state, networks, s.Settings.DefaultDomain)
	}
	return pull, true
}

func pullNode(node model.Node) model.PullNode {
	return model.PullNode{
		ID: node.ID, HostID: node.HostID, Network: node.Network, NetworkRange: ipNet(node.NetworkRange),
		NetworkRange6: ipNet(node.NetworkRange6), Address: ipNet(node.Address), Address6: ipNet(node.Address6),
		Connected: node.Connected, PendingDelete: node.PendingDelete,
	}
}

func (p peer) config() wgtypes.PeerConfig {
	config := wgtypes.PeerConfig{
		PublicKey: p.key, ReplaceAllowedIPs: true, PersistentKeepaliveInterval: &p.keepalive,
		AllowedIPs: []net.IPNet{},
	}
	// What is no address has no port to dial.
	if address, err := net.ResolveUDPAddr("udp", p.endpoint); err == nil && p.endpoint != "" {
		config.Endpoint = address
	}
	for _, each := range p.ranges {
		config.AllowedIPs = append(config.AllowedIPs, toIPNet(each))
	}
	return config
}

func (p peer) route() model.EgressRoute {
	route := model.EgressRoute{PeerKey: p.key.String(), Network: p.network}
	for _, each := range p.egress {
		route.EgressRanges = append(route.EgressRanges, each.String())
	}
	return route
}
