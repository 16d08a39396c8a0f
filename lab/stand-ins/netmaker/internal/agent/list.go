package agent

import (
	"net"

	"fogline/lab/netmaker/internal/model"
)

// Listed is a membership as `netclient list` shows it.
type Listed struct {
	Network   string       `json:"network"`
	NodeID    string       `json:"node_id"`
	Connected bool         `json:"connected"`
	IPv4      string       `json:"ipv4_addr"`
	IPv6      string       `json:"ipv6_addr"`
	Peers     []ListedPeer `json:"peers,omitempty"`
}

// ListedPeer is a peer of `netclient list --long`.
type ListedPeer struct {
	PublicKey  string   `json:"public_key"`
	Endpoint   string   `json:"endpoint"`
	AllowedIPs []string `json:"allowed_ips"`
}

// List shows the memberships of the server's last answer: of one network, or of all.
func List(files Files, network string, long bool) ([]Listed, error) {
	var pull model.HostPull
	list := []Listed{}
	if _, err := files.read(pullFile, &pull); err != nil {
		return list, err
	}
	for _, node := range pull.Nodes {
		if network != "" && node.Network != network {
			continue
		}
		each := Listed{Network: node.Network, NodeID: node.ID, Connected: node.Connected}
		each.IPv4, each.IPv6 = text(node.Address), text(node.Address6)
		if long {
			each.Peers = peers(pull)
		}
		list = append(list, each)
	}
	return list, nil
}

func peers(pull model.HostPull) []ListedPeer {
	all := []ListedPeer{}
	for _, peer := range pull.Peers {
		each := ListedPeer{PublicKey: peer.PublicKey.String(), AllowedIPs: []string{}}
		if peer.Endpoint != nil {
			each.Endpoint = peer.Endpoint.String()
		}
		for _, allowed := range peer.AllowedIPs {
			each.AllowedIPs = append(each.AllowedIPs, allowed.String())
		}
		all = append(all, each)
	}
	return all
}

func text(address net.IPNet) string {
	if address.IP == nil {
		return ""
	}
	return address.String()
}
