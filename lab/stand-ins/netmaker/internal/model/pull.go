package model

import (
	"net"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// ServerConfig is what netclient receives about the server; the field names are Go's, as the official
// struct has no JSON names.
type ServerConfig struct {
	API           string
	APIHost       string
	APIPort       string
	DNSMode       string
	Version       string
	MQPort        string
	MQUserName    string
	MQPassword    string
	BrokerType    string
	Server        string
	Broker        string
	IsPro         bool `json:"Is_EE"`
	TrafficKey    []byte
	ManageDNS     bool
	DefaultDomain string
}

// Registration answers a host that registers.
type Registration struct {
	ServerConf    ServerConfig `json:"server_config"`
	RequestedHost Host         `json:"requested_host"`
}

// PullNode is a membership as netclient receives it.
type PullNode struct {
	ID            string    `json:"id"`
	HostID        string    `json:"hostid"`
	Network       string    `json:"network"`
	NetworkRange  net.IPNet `json:"networkrange"`
	NetworkRange6 net.IPNet `json:"networkrange6"`
	Address       net.IPNet `json:"address"`
	Address6      net.IPNet `json:"address6"`
	Connected     bool      `json:"connected"`
	PendingDelete bool      `json:"pendingdelete"`
}

// FwRule allows traffic from any of IPList to any of Dst; an empty Dst is every destination.
type FwRule struct {
	ID       string      `json:"id"`
	IPList   []net.IPNet `json:"ip_list"`
	IP6List  []net.IPNet `json:"ip6_list"`
	Dst      []net.IPNet `json:"dst"`
	Dst6     []net.IPNet `json:"dst6"`
	Protocol string      `json:"allowed_protocols"`
	Ports    []string    `json:"allowed_ports"`
	Allowed  bool
}

// EgressNat is a range that the host hides its network's members behind itself for.
type EgressNat struct {
	Network  net.IPNet `json:"network"`
	Network6 net.IPNet `json:"network6"`
	Range    net.IPNet `json:"range"`
}

// FwUpdate is what the host's firewall is to do with what comes out of its tunnels.
type FwUpdate struct {
	// AllowAll lets everything pass.
	AllowAll   bool              `json:"allow_all"`
	AclRules   map[string]FwRule `json:"acl_rules"`
	EgressInfo []EgressNat       `json:"egress_nat"`
}

// EgressRoute sends ranges through a peer.
type EgressRoute struct {
	PeerKey      string   `json:"peer_key"`
	EgressRanges []string `json:"egress_ranges"`
	Network      string   `json:"network"`
}

// HostPull is everything a host needs for its tunnels (models.HostPull); the broker carries the same.
type HostPull struct {
	Host         Host                 `json:"host"`
	Nodes        []PullNode           `json:"nodes"`
	Peers        []wgtypes.PeerConfig `json:"peers"`
	ServerConfig ServerConfig         `json:"server_config"`
	EgressRoutes []EgressRoute        `json:"egress_network_routes"`
	FwUpdate     FwUpdate             `json:"fw_update"`
	ReplacePeers bool                 `json:"replace_peers"`
	// DNS has the names of all members of the host's networks; netclient asks the official server
	// for them by a message of their own.
	DNS []DNSEntry `json:"dns_entries"`
}

// HostUpdate is what host and server tell each other of a host.
type HostUpdate struct {
	Action string `json:"action"`
	Host   Host   `json:"host"`
}

// Actions of a HostUpdate.
const (
	ActionCheckIn = "CHECK_IN"
	ActionUpdate  = "UPDATE_HOST"
	ActionDelete  = "DELETE_HOST"
)
