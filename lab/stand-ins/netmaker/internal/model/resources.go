// Package model has the bodies of Netmaker's API, as far as the stand-in knows them: field names and
// types follow models/ and schema/ of v1.5.1.
package model

import (
	"cmp"
	"net"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// Network is schema.Network.
type Network struct {
	ID            string `json:"id"`
	Name          string `json:"netid"`
	AddressRange  string `json:"addressrange"`
	AddressRange6 string `json:"addressrange6"`
	// DefaultKeepAlive is in seconds.
	DefaultKeepAlive int      `json:"defaultkeepalive"`
	DefaultMTU       int32    `json:"defaultmtu"`
	AutoJoin         bool     `json:"auto_join"`
	AutoRemove       bool     `json:"auto_remove"`
	AutoRemoveTags   []string `json:"auto_remove_tags"`
	// AutoRemoveThreshold is in minutes.
	AutoRemoveThreshold         int       `json:"auto_remove_threshold"`
	JITEnabled                  bool      `json:"jit_enabled"`
	VirtualNATPoolIPv4          string    `json:"virtual_nat_pool_ipv4"`
	VirtualNATSitePrefixLenIPv4 int       `json:"virtual_nat_site_prefixlen_ipv4"`
	NodesUpdatedAt              time.Time `json:"nodes_updated_at"`
	CreatedBy                   string    `json:"created_by"`
	CreatedAt                   time.Time `json:"created_at"`
	UpdatedAt                   time.Time `json:"updated_at"`
}

// KeyType is how an enrolment key ends.
type KeyType int

// The ends of an enrolment key.
const (
	KeyUndefined KeyType = iota
	KeyExpires
	KeyUses
	KeyUnlimited
)

// EnrollmentKey is models.EnrollmentKey.
type EnrollmentKey struct {
	Expiration        time.Time `json:"expiration"`
	UsesRemaining     int       `json:"uses_remaining"`
	Value             string    `json:"value"`
	Networks          []string  `json:"networks"`
	Unlimited         bool      `json:"unlimited"`
	Tags              []string  `json:"tags"`
	Token             string    `json:"token,omitempty"`
	Type              KeyType   `json:"type"`
	Relay             string    `json:"relay"`
	Groups            []string  `json:"groups"`
	Default           bool      `json:"default"`
	AutoEgress        bool      `json:"auto_egress"`
	AutoAssignGateway bool      `json:"auto_assign_gw"`
}

// EnrollmentToken is what a key's token holds.
type EnrollmentToken struct {
	Server string `json:"server"`
	Value  string `json:"value"`
}

// Machine is what hosts and users know of a host in the same form.
type Machine struct {
	ID                 string   `json:"id"`
	Name               string   `json:"name"`
	Version            string   `json:"version"`
	OS                 string   `json:"os"`
	OSFamily           string   `json:"os_family"`
	OSVersion          string   `json:"os_version"`
	KernelVersion      string   `json:"kernel_version"`
	Verbosity          int      `json:"verbosity"`
	FirewallInUse      string   `json:"firewallinuse"`
	AutoUpdate         bool     `json:"autoupdate"`
	Debug              bool     `json:"debug"`
	ListenPort         int      `json:"listenport"`
	WgPublicListenPort int      `json:"wg_public_listen_port"`
	MTU                int      `json:"mtu"`
	Nodes              []string `json:"nodes"`
	DefaultInterface   string   `json:"defaultinterface"`
	IsStaticPort       bool     `json:"isstaticport"`
	IsStatic           bool     `json:"isstatic"`
	IsDefault          bool     `json:"isdefault"`
	Location           string   `json:"location"`
	CountryCode        string   `json:"country_code"`
}

// Host is a machine, as netclient registers it and as the server keeps it (schema.Host).
type Host struct {
	Machine
	HostPass         string           `json:"hostpass"`
	IPForwarding     bool             `json:"ipforwarding"`
	DaemonInstalled  bool             `json:"daemoninstalled"`
	Interface        string           `json:"interface"`
	PublicKey        wgtypes.Key      `json:"publickey"`
	MacAddress       net.HardwareAddr `json:"macaddress"`
	TrafficKeyPublic []byte           `json:"traffickeypublic"`
	EndpointIP       net.IP           `json:"endpointip"`
	EndpointIPv6     net.IP           `json:"endpointipv6"`
	DNS              string           `json:"dns_status"`
	NatType          string           `json:"nat_type,omitempty"`
	// PersistentKeepalive is in nanoseconds, as Go has it.
	PersistentKeepalive time.Duration `json:"persistentkeepalive"`
}

// APIHost is a host as users see and change it (models.ApiHost).
type APIHost struct {
	Machine
	Interfaces   []string `json:"interfaces"`
	EndpointIP   string   `json:"endpointip"`
	EndpointIPv6 string   `json:"endpointipv6"`
	PublicKey    string   `json:"publickey"`
	MacAddress   string   `json:"macaddress"`
	NatType      string   `json:"nat_type"`
	// PersistentKeepalive is in seconds.
	PersistentKeepalive int    `json:"persistentkeepalive"`
	DNS                 string `json:"dns"`
	EnableFlowLogs      bool   `json:"enable_flow_logs"`
}

// API is the host as users see it.
func (h Host) API() APIHost {
	return APIHost{
		Machine: h.Machine, Interfaces: []string{}, EndpointIP: ipText(h.EndpointIP), EndpointIPv6: ipText(h.EndpointIPv6),
		PublicKey: h.PublicKey.String(), MacAddress: h.MacAddress.String(), NatType: h.NatType,
		PersistentKeepalive: int(h.PersistentKeepalive / time.Second), DNS: cmp.Or(h.DNS, "no"),
	}
}

func ipText(ip net.IP) string {
	if ip == nil {
		return ""
	}
	return ip.String()
}

// NoID is the id of nobody, where the API wants an id.
const NoID = "00000000-0000-0000-0000-000000000000"

// Node is a host's membership of a network (models.ApiNode).
type Node struct {
	ID                         string              `json:"id,omitempty"`
	HostID                     string              `json:"hostid,omitempty"`
	Address                    string              `json:"address"`
	Address6                   string              `json:"address6"`
	LocalAddress               string              `json:"localaddress"`
	AllowedIPs                 []string            `json:"allowedips"`
	LastModified               int64               `json:"lastmodified"`
	ExpirationDateTime         int64               `json:"expdatetime"`
	LastCheckIn                int64               `json:"lastcheckin"`
	LastPeerUpdate             int64               `json:"lastpeerupdate"`
	Network                    string              `json:"network"`
	NetworkRange               string              `json:"networkrange"`
	NetworkRange6              string              `json:"networkrange6"`
	IsRelayed                  bool                `json:"isrelayed"`
	IsRelay                    bool                `json:"isrelay"`
	IsGw                       bool                `json:"is_gw"`
	IsAutoRelay                bool                `json:"is_auto_relay"`
	AutoRelayedPeers           map[string]string   `json:"auto_relayed_peers"`
	AutoAssignGateway          bool                `json:"auto_assign_gw"`
	RelayedBy                  string              `json:"relayedby"`
	RelayedNodes               []string            `json:"relaynodes"`
	IsEgressGateway            bool                `json:"isegressgateway"`
	IsIngressGateway           bool                `json:"isingressgateway"`
	EgressGatewayRanges        []string            `json:"egressgatewayranges"`
	EgressGatewayNatEnabled    bool                `json:"egressgatewaynatenabled"`
	DNSOn                      bool                `json:"dnson"`
	IngressDNS                 string              `json:"ingressdns"`
	IngressPersistentKeepalive int32               `json:"ingresspersistentkeepalive"`
	IngressMTU                 int32               `json:"ingressmtu"`
	Server                     string              `json:"server"`
	Connected                  bool                `json:"connected"`
	PendingDelete              bool                `json:"pendingdelete"`
	Metadata                   string              `json:"metadata"`
	DefaultACL                 string              `json:"defaultacl,omitempty"`
	IsFailOver                 bool                `json:"is_fail_over"`
	FailOverPeers              map[string]struct{} `json:"fail_over_peers"`
	FailedOverBy               string              `json:"failed_over_by"`
	IsInternetGateway          bool                `json:"isinternetgateway"`
	InternetGwID               string              `json:"internetgw_node_id"`
	AdditionalRagIPs           []string            `json:"additional_rag_ips"`
	Tags                       map[string]struct{} `json:"tags"`
	IsStatic                   bool                `json:"is_static"`
	IsUserNode                 bool                `json:"is_user_node"`
	StaticNode                 ExtClient           `json:"static_node"`
	Status                     string              `json:"status"`
	Location                   string              `json:"location"`
	Country                    string              `json:"country"`
}

// ClientSettings are what users set of an external client (models.CustomExtClient).
type ClientSettings struct {
	ClientID        string              `json:"clientid"`
	PublicKey       string              `json:"publickey"`
	DNS             string              `json:"dns"`
	ExtraAllowedIPs []string            `json:"extraallowedips"`
	Enabled         bool                `json:"enabled"`
	PostUp          string              `json:"postup"`
	PostDown        string              `json:"postdown"`
	Tags            map[string]struct{} `json:"tags"`
}

// ExtClient is a device without netclient (models.ExtClient).
type ExtClient struct {
	ClientSettings
	PrivateKey             string              `json:"privatekey"`
	Network                string              `json:"network"`
	Address                string              `json:"address"`
	Address6               string              `json:"address6"`
	AllowedIPs             []string            `json:"allowed_ips"`
	IngressGatewayID       string              `json:"ingressgatewayid"`
	IngressGatewayEndpoint string              `json:"ingressgatewayendpoint"`
	LastModified           int64               `json:"lastmodified"`
	OwnerID                string              `json:"ownerid"`
	DeniedACLs             map[string]struct{} `json:"deniednodeacls"`
	RemoteAccessClientID   string              `json:"remote_access_client_id"`
	DeviceID               string              `json:"device_id"`
	DeviceName             string              `json:"device_name"`
}

// Egress is schema.Egress.
type Egress struct {
	ID           string         `json:"id"`
	Name         string         `json:"name"`
	Network      string         `json:"network"`
	Description  string         `json:"description"`
	Nodes        map[string]int `json:"nodes"`
	Tags         map[string]any `json:"tags"`
	Range        string         `json:"range"`
	Mode         string         `json:"mode"`
	VirtualRange string         `json:"virtual_range"`
	DomainAns    []string       `json:"domain_ans"`
	Domain       string         `json:"domain"`
	Nat          bool           `json:"nat"`
	Status       bool           `json:"status"`
	CreatedBy    string         `json:"created_by"`
	CreatedAt    time.Time      `json:"created_at"`
	UpdatedAt    time.Time      `json:"updated_at"`
}

// ACLEnd is one end of an ACL rule (models.AclPolicyTag).
type ACLEnd struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// The kinds of ends that the community edition takes.
const (
	EndTag    = "tag"
	EndDevice = "device"
	EndEgress = "egress-id"
	// Everyone is the tag of all members.
	Everyone = "*"
)

// ACL is models.Acl.
type ACL struct {
	ID               string    `json:"id"`
	Default          bool      `json:"default"`
	MetaData         string    `json:"meta_data"`
	Name             string    `json:"name"`
	NetworkID        string    `json:"network_id"`
	PolicyType       string    `json:"policy_type"`
	Src              []ACLEnd  `json:"src_type"`
	Dst              []ACLEnd  `json:"dst_type"`
	Protocol         string    `json:"protocol"`
	Service          string    `json:"type"`
	Ports            []string  `json:"ports"`
	AllowedDirection int       `json:"allowed_traffic_direction"`
	Enabled          bool      `json:"enabled"`
	CreatedBy        string    `json:"created_by"`
	CreatedAt        time.Time `json:"created_at"`
}

// DNSEntry is models.DNSEntry.
type DNSEntry struct {
	Address  string `json:"address"`
	Address6 string `json:"address6"`
	Name     string `json:"name"`
	Network  string `json:"network"`
}
