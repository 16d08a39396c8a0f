// Package join is how a node gets its certificates from the server. The server answers on the
// API's own port.
package join

import "encoding/json"

const (
	pathBundle    = "/cacerts"
	pathPrefix    = "/v1-k3s/"
	pathNode      = pathPrefix + "node"
	pathToken     = pathPrefix + "token"
	pathBootstrap = pathPrefix + "server-bootstrap"
	maxBody       = 1 << 20
)

// Credential is one certificate of a node.
type Credential string

// Certificates of a node, by what they are for.
const (
	Kubelet    Credential = "client-kubelet"
	Serving    Credential = "serving-kubelet"
	Proxy      Credential = "client-kube-proxy"
	Controller Credential = "client-k3s-controller"
)

// Credentials are all that a node asks for.
var Credentials = []Credential{Kubelet, Serving, Proxy, Controller}

// Request is what a node asks.
type Request struct {
	Node      string   `json:"node"`
	Addresses []string `json:"addresses"`
	// Password keeps the name for the machine that took it first.
	Password string `json:"password"`
	// Requests are PEM signing requests.
	Requests map[Credential][]byte `json:"requests"`
}

// Rotation asks for another server token.
type Rotation struct {
	// NewToken is its secret; a random one where this is empty.
	NewToken string `json:"newToken,omitempty"`
}

// Answer is what the server gives to a node that it lets join.
type Answer struct {
	Certificates map[Credential][]byte `json:"certificates"`
	ClientCA     []byte                `json:"clientCA"`
	Cluster      Cluster               `json:"cluster"`
}

// Cluster is what all nodes must agree on.
type Cluster struct {
	ClusterCIDR   string `json:"clusterCIDR"`
	ServiceCIDR   string `json:"serviceCIDR"`
	ClusterDNS    string `json:"clusterDNS"`
	ClusterDomain string `json:"clusterDomain"`
	// NoNetworkPolicy leaves every pod open to every other.
	NoNetworkPolicy bool `json:"noNetworkPolicy,omitempty"`
}

func (c Cluster) String() string {
	text, _ := json.Marshal(c) // strings alone cannot fail
	return string(text)
}
