// Package model has the bodies of Netmaker's API, as far as the stand-in knows them: field names and
// types follow models/ and schema/ of v1.5.1.
package model

import (
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

// Host is a machine, as netclient registers it and as the server keeps it (schema.Host).
type Host struct {
	ID                 string           `json:"id"`
	Name               string           `json:"name"`
	HostPass           string           `json:"hostpass"`
	Version            string           `json:"version"`
	OS                 string           `json:"os"`
	OSFamily           string           `json:"os_family"`
	OSVersion          string           `json:"os_version"`
	KernelVersion      string           `json:"kernel_version"`
	Verbosity          int              `json:"verbosity"`
	FirewallInUse      string           `json:"firewallinuse"`
	IPForwarding       bool             `json:"ipforwarding"`
	DaemonInstalled    bool             `json:"daemoninstalled"`
	AutoUpdate         bool             `json:"autoupdate"`
	Interface          string           `json:"interface"`
	Debug              bool             `json:"debug"`
	ListenPort         int              `json:"listenport"`
	WgPublicListenPort int              `json:"wg_public_listen_port"`
	MTU                int              `json:"mtu"`
	PublicKey          wgtypes.Key      `json:"publickey"`
	MacAddress         net.HardwareAddr `json:"macaddress"`
	TrafficKeyPublic   []byte           `json:"traffickeypublic"`
	Nodes              []string         `json:"nodes"`
	DefaultInterface   string           `json:"defaultinterface"`
	EndpointIP         net.IP           `json:"endpointip"`
	EndpointIPv6       net.IP           `json:"endpointipv6"`
	IsStaticPort       bool             `json:"isstaticport"`
	IsStatic           bool             `json:"isstatic"`
	IsDefault          bool             `json:"isdefault"`
	DNS                string           `json:"dns_status"`
	NatType            string           `json:"nat_type,omitempty"`
	// PersistentKeepalive is in nanoseconds, as Go has it.
	PersistentKeepalive time.Duration `json:"persistentkeepalive"`
	Location            string        `json:"location"`
	CountryCode         string        `json:"country_code"`
}

// APIHost is a host as users see and change it (models.ApiHost).
type APIHost struct {
	ID                 string   `json:"id"`
	Verbosity          int      `json:"verbosity"`
	FirewallInUse      string   `json:"firewallinuse"`
	Version            string   `json:"version"`
	Name               string   `json:"name"`
	OS                 string   `json:"os"`
	OSFamily           string   `json:"os_family"`
	OSVersion          string   `json:"os_version"`
	KernelVersion      string   `json:"kernel_version"`
	Debug              bool     `json:"debug"`
	IsStaticPort       bool     `json:"isstaticport"`
	IsStatic           bool     `json:"isstatic"`
	ListenPort         int      `json:"listenport"`
	WgPublicListenPort int      `json:"wg_public_listen_port"`
	MTU                int      `json:"mtu"`
	Interfaces         []string `json:"interfaces"`
	DefaultInterface   string   `json:"defaultinterface"`
	EndpointIP         string   `json:"endpointip"`
	EndpointIPv6       string   `json:"endpointipv6"`
	PublicKey          string   `json:"publickey"`
	MacAddress         string   `json:"macaddress"`
	Nodes              []string `json:"nodes"`
	IsDefault          bool     `json:"isdefault"`
	NatType            string   `json:"nat_type"`
	// PersistentKeepalive is in seconds.
	PersistentKeepalive int    `json:"persistentkeepalive"`
	AutoUpdate          bool   `json:"autoupdate"`
	DNS                 string `json:"dns"`
	EnableFlowLogs      bool   `json:"enable_flow_logs"`
	Location            string `json:"location"`
	CountryCode         string `json:"country_code"`
}

// API is the host as users see it.
func (h Host) API() APIHost {
	dns := h.DNS
	if dns == "" {
		dns = "no"
	}
	return APIHost{
		ID: h.ID, Verbosity: h.Verbosity, FirewallInUse: h.FirewallInUse, Version: h.Version,
		Name: h.Name, OS: h.OS, OSFamily: h.OSFamily, OSVersion: h.OSVersion,
		KernelVersion: h.KernelVersion, Debug: h.Debug, IsStaticPort: h.IsStaticPort,
		IsStatic: h.IsStatic, ListenPort: h.ListenPort, WgPublicListenPort: h.WgPublicListenPort,
		MTU: h.MTU, Interfaces: []string{}, DefaultInterface: h.DefaultInterface,
		EndpointIP: ipText(h.EndpointIP), EndpointIPv6: ipText(h.EndpointIPv6),
		PublicKey: h.PublicKey.String(), MacAddress: h.MacAddress.String(), Nodes: h.Nodes,
		IsDefault: h.IsDefault, NatType: h.NatType,
		PersistentKeepalive: int(h.PersistentKeepalive / time.Second), AutoUpdate: h.AutoUpdate,
		DNS: dns, Location: h.Location, CountryCode: h.CountryCode,
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

// ExtClient is a device without netclient (models.ExtClient).
type ExtClient struct {
	ClientID               string              `json:"clientid"`
	PrivateKey             string              `json:"privatekey"`
	PublicKey              string              `json:"publickey"`
	Network                string              `json:"network"`
	DNS                    string              `json:"dns"`
	Address                string              `json:"address"`
	Address6               string              `json:"address6"`
	ExtraAllowedIPs        []string            `json:"extraallowedips"`
	AllowedIPs             []string            `json:"allowed_ips"`
	IngressGatewayID       string              `json:"ingressgatewayid"`
	IngressGatewayEndpoint string              `json:"ingressgatewayendpoint"`
	LastModified           int64               `json:"lastmodified"`
	Enabled                bool                `json:"enabled"`
	OwnerID                string              `json:"ownerid"`
	DeniedACLs             map[string]struct{} `json:"deniednodeacls"`
	RemoteAccessClientID   string              `json:"remote_access_client_id"`
	PostUp                 string              `json:"postup"`
	PostDown               string              `json:"postdown"`
	Tags                   map[string]struct{} `json:"tags"`
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
