// Package join issues a node's certificates: the node requests them, and the server answers on the
// port of the Kubernetes API.
package join

import "encoding/json"

const (
	pathBundle    = "/cacerts"
	pathPrefix    = "/v1-k3s/"
	pathNode      = pathPrefix + "node"
	pathToken     = pathPrefix + "token"
	pathBootstrap = pathPrefix + "server-bootstrap"
	maxBody       = 1 << 20

	pathEncryptionState = pathPrefix + "encrypt/status"
	pathEncryption      = pathPrefix + "encrypt/config"
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

// Credentials are all certificates that a node requests.
var Credentials = []Credential{Kubelet, Serving, Proxy, Controller}

// Request is a node's request to join.
type Request struct {
	Node      string   `json:"node"`
	Addresses []string `json:"addresses"`
	// Password reserves the node's name for the machine that registered it first.
	Password string `json:"password"`
	// Requests are PEM signing requests.
	Requests map[Credential][]byte `json:"requests"`
}

// Rotation is a request to replace the server token.
type Rotation struct {
	// NewToken is its secret; a random one where this is empty.
	NewToken string `json:"newToken,omitempty"`
}

// Answer is the server's answer to a node that may join.
type Answer struct {
	Certificates map[Credential][]byte `json:"certificates"`
	ClientCA     []byte                `json:"clientCA"`
	Cluster      Cluster               `json:"cluster"`
}

// Cluster holds the settings that all nodes must share.
type Cluster struct {
	ClusterCIDR   string `json:"clusterCIDR"`
	ServiceCIDR   string `json:"serviceCIDR"`
	ClusterDNS    string `json:"clusterDNS"`
	ClusterDomain string `json:"clusterDomain"`
	// FlannelBackend is how pods' packets get from node to node; empty in answers of earlier builds.
	FlannelBackend string `json:"flannelBackend,omitempty"`
	// NoNetworkPolicy disables the network policy controller.
	NoNetworkPolicy bool `json:"noNetworkPolicy,omitempty"`
}

func (c Cluster) String() string {
	text, _ := json.Marshal(c) // strings alone cannot fail
	return string(text)
}
