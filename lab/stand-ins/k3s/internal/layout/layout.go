// Package layout names the files of a node. They are those of the official program.
package layout

import "path/filepath"

const (
	// DataDir holds all state of the node.
	DataDir = "/var/lib/rancher/k3s"
	// ServerDir holds what only a server has.
	ServerDir = DataDir + "/server"
	// AgentDir holds what every node has.
	AgentDir = DataDir + "/agent"
	// TLSDir holds the cluster's CAs and the certificates of the control plane.
	TLSDir = ServerDir + "/tls"
	// CredentialsDir holds the kubeconfigs of the control plane.
	CredentialsDir = ServerDir + "/cred"
	// EncryptionConfig holds the keys of Secrets, where they are encrypted.
	EncryptionConfig = CredentialsDir + "/encryption-config.json"
	// EncryptionState says which stage the replacement of a key is in.
	EncryptionState = CredentialsDir + "/encryption-state.json"
	// ManifestsDir holds what the server applies by itself.
	ManifestsDir = ServerDir + "/manifests"
	// TokenFile holds the server's token, in the form with the CA's hash.
	TokenFile = ServerDir + "/token"
	// AgentTokenFile holds the token with which agents join; a link to TokenFile where they have none
	// of their own.
	AgentTokenFile = ServerDir + "/agent-token"
	// NodeTokenFile is where people look for it.
	NodeTokenFile = ServerDir + "/node-token"
	// ClusterFile tells the supervisor what joining nodes must know.
	ClusterFile = ServerDir + "/etc/cluster.json"
	// DatabaseFile is the datastore.
	DatabaseFile = ServerDir + "/db/state.db"
	// DatastoreSocket answers as etcd would.
	DatastoreSocket = ServerDir + "/kine.sock"

	// ImagesDir holds archives of images that are imported at start.
	ImagesDir = AgentDir + "/images"
	// ContainerdConfig is written at every start.
	ContainerdConfig = AgentDir + "/etc/containerd/config.toml"
	// RegistryHostsDir holds a hosts.toml for each mirrored registry.
	RegistryHostsDir = AgentDir + "/etc/containerd/certs.d"
	// ContainerdRoot holds images and snapshots.
	ContainerdRoot = AgentDir + "/containerd"
	// ContainerdState holds the sockets of running containers.
	ContainerdState = "/run/k3s/containerd"
	// ContainerdSocket answers the runtime's calls.
	ContainerdSocket = ContainerdState + "/containerd.sock"
	// NetworkConfigDir holds the conflist of pods' networks.
	NetworkConfigDir = AgentDir + "/etc/cni/net.d"
	// NetworkPlugins is where Debian puts the CNI plugins; the official program brings its own.
	NetworkPlugins = "/usr/lib/cni"
	// FlannelConfig is flannel's own configuration.
	FlannelConfig = AgentDir + "/etc/flannel/net-conf.json"
	// FlannelSubnet is where flannel tells its subnet and MTU.
	FlannelSubnet = "/run/flannel/subnet.env"
	// KubeletConfigDir holds kubelet's configuration: files that override each other in the order of their names.
	KubeletConfigDir = AgentDir + "/etc/kubelet.conf.d"
	// KubeletConfig is the first of them, written at every start.
	KubeletConfig = KubeletConfigDir + "/00-k3s-defaults.conf"
	// StaticPodsDir holds pods that run without the API.
	StaticPodsDir = AgentDir + "/pod-manifests"
	// ResolverConfig replaces the host's when that names no reachable resolver.
	ResolverConfig = AgentDir + "/etc/resolv.conf"
	// PasswordFile holds the secret with which this machine keeps its node's name.
	PasswordFile = "/etc/rancher/node/password"
	// JoinedFile keeps the cluster's answer, so that a node starts while its server is away.
	JoinedFile = AgentDir + "/etc/cluster.json"
)

// Server is a file in the folder of the control plane's certificates.
func Server(name string) string { return filepath.Join(TLSDir, name) }

// Agent is a file in the node's folder.
func Agent(name string) string { return filepath.Join(AgentDir, name) }

// Credential is a kubeconfig of the control plane.
func Credential(name string) string { return filepath.Join(CredentialsDir, name+".kubeconfig") }
