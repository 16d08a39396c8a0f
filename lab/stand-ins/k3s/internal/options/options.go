// Package options reads the configuration of `k3s server` and `k3s agent`: flags, environment, config.yaml.
package options

// Role is what a node of the cluster does.
type Role string

const (
	// Server runs the control plane, and workloads too unless tainted.
	Server Role = "server"
	// Agent runs workloads.
	Agent Role = "agent"
)

const (
	// ConfigFile holds the flags of the node, one key each; config.yaml.d/*.yaml add to it.
	ConfigFile = "/etc/rancher/k3s/config.yaml"
	// RegistriesFile names mirrors of image registries.
	RegistriesFile = "/etc/rancher/k3s/registries.yaml"
	// KubeconfigFile is the administrator's kubeconfig on a server.
	KubeconfigFile = "/etc/rancher/k3s/k3s.yaml"
)

// Options is the configuration of a node. Names are those of the official flags.
type Options struct {
	Role Role

	// Cluster.
	Token          string
	TokenFile      string
	AgentToken     string
	AgentTokenFile string
	ServerURL      string

	// This node.
	NodeName          string
	NodeIP            string
	NodeExternalIP    string
	NodeLabels        []string
	NodeTaints        []string
	ResolvConf        string
	PrivateRegistry   string
	PauseImage        string
	KubeletArgs       []string
	KubeProxyArgs     []string
	FlannelInterface  string
	FlannelConfig     string
	ProtectKernel     bool
	Debug             bool
	WriteKubeconfig   string
	KubeconfigMode    string
	DisabledAddons    []string
	AdvertiseAddress  string
	TLSNames          []string
	ClusterCIDR       string
	ServiceCIDR       string
	ClusterDNS        string
	ClusterDomain     string
	FlannelBackend    string
	EgressMode        string
	NoCloudController bool
	NoNetworkPolicy   bool
	// SecretsEncryption has Secrets encrypted in the datastore.
	SecretsEncryption bool

	APIServerArgs         []string
	ControllerManagerArgs []string
	SchedulerArgs         []string
}

// option binds one official flag to a field.
type option struct {
	name  string
	env   string
	roles []Role
	text  *string
	truth *bool
	list  *[]string
}

var (
	both       = []Role{Server, Agent}
	serverOnly = []Role{Server}
	agentOnly  = []Role{Agent}
)

func (o *Options) table() []option {
	return []option{
		{name: "token", env: "K3S_TOKEN", roles: both, text: &o.Token},
		{name: "token-file", env: "K3S_TOKEN_FILE", roles: both, text: &o.TokenFile},
		{name: "agent-token", env: "K3S_AGENT_TOKEN", roles: serverOnly, text: &o.AgentToken},
		{name: "agent-token-file", env: "K3S_AGENT_TOKEN_FILE", roles: serverOnly, text: &o.AgentTokenFile},
		{name: "server", env: "K3S_URL", roles: agentOnly, text: &o.ServerURL},
		{name: "node-name", env: "K3S_NODE_NAME", roles: both, text: &o.NodeName},
		{name: "node-ip", roles: both, text: &o.NodeIP},
		{name: "node-external-ip", roles: both, text: &o.NodeExternalIP},
		{name: "node-label", roles: both, list: &o.NodeLabels},
		{name: "node-taint", roles: both, list: &o.NodeTaints},
		{name: "resolv-conf", env: "K3S_RESOLV_CONF", roles: both, text: &o.ResolvConf},
		{name: "private-registry", roles: both, text: &o.PrivateRegistry},
		{name: "pause-image", roles: both, text: &o.PauseImage},
		{name: "kubelet-arg", roles: both, list: &o.KubeletArgs},
		{name: "kube-proxy-arg", roles: both, list: &o.KubeProxyArgs},
		{name: "flannel-iface", roles: both, text: &o.FlannelInterface},
		{name: "flannel-conf", roles: both, text: &o.FlannelConfig},
		{name: "protect-kernel-defaults", roles: both, truth: &o.ProtectKernel},
		{name: "debug", env: "K3S_DEBUG", roles: both, truth: &o.Debug},
		{name: "write-kubeconfig", env: "K3S_KUBECONFIG_OUTPUT", roles: serverOnly, text: &o.WriteKubeconfig},
		{name: "write-kubeconfig-mode", env: "K3S_KUBECONFIG_MODE", roles: serverOnly, text: &o.KubeconfigMode},
		{name: "disable", roles: serverOnly, list: &o.DisabledAddons},
		{name: "advertise-address", roles: serverOnly, text: &o.AdvertiseAddress},
		{name: "tls-san", roles: serverOnly, list: &o.TLSNames},
		{name: "cluster-cidr", roles: serverOnly, text: &o.ClusterCIDR},
		{name: "service-cidr", roles: serverOnly, text: &o.ServiceCIDR},
		{name: "cluster-dns", roles: serverOnly, text: &o.ClusterDNS},
		{name: "cluster-domain", roles: serverOnly, text: &o.ClusterDomain},
		{name: "flannel-backend", roles: serverOnly, text: &o.FlannelBackend},
		{name: "egress-selector-mode", roles: serverOnly, text: &o.EgressMode},
		{name: "disable-cloud-controller", roles: serverOnly, truth: &o.NoCloudController},
		{name: "disable-network-policy", roles: serverOnly, truth: &o.NoNetworkPolicy},
		{name: "secrets-encryption", roles: serverOnly, truth: &o.SecretsEncryption},
		{name: "kube-apiserver-arg", roles: serverOnly, list: &o.APIServerArgs},
		{name: "kube-controller-manager-arg", roles: serverOnly, list: &o.ControllerManagerArgs},
		{name: "kube-scheduler-arg", roles: serverOnly, list: &o.SchedulerArgs},
	}
}

// defaults are those of the official program.
func defaults(role Role) *Options {
	return &Options{
		Role:            role,
		WriteKubeconfig: KubeconfigFile,
		KubeconfigMode:  "0600",
		PrivateRegistry: RegistriesFile,
		PauseImage:      "docker.io/rancher/mirrored-pause:3.6",
		ClusterCIDR:     "10.42.0.0/16",
		ServiceCIDR:     "10.43.0.0/16",
		ClusterDomain:   "cluster.local",
		FlannelBackend:  "vxlan",
		EgressMode:      "disabled",
	}
}
