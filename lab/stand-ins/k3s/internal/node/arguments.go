package node

import (
	"os"
	"strings"

	"sigs.k8s.io/yaml"

	"fogline/lab/k3s/internal/containerd"
	"fogline/lab/k3s/internal/join"
	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/options"
	"fogline/lab/k3s/internal/pki"
)

// kubeletArgs writes kubelet's configuration and returns its flags. Files that others put beside it override
// it, and kubelet-arg overrides all.
func kubeletArgs(o *options.Options, cluster join.Cluster) ([]string, error) {
	resolver, err := resolvConf(o.ResolvConf)
	if err != nil {
		return nil, err
	}
	text, err := yaml.Marshal(kubeletConfiguration(o, cluster, resolver))
	if err != nil {
		return nil, err
	}
	if err := pki.WriteFile(layout.KubeletConfig, text, 0o600); err != nil {
		return nil, err
	}
	return kubeletFlags(o), nil
}

func kubeletFlags(o *options.Options) []string {
	args := []string{
		"--config-dir=" + layout.KubeletConfigDir,
		"--kubeconfig=" + kubeconfig("kubelet"),
		"--hostname-override=" + o.NodeName,
		"--node-ip=" + o.NodeIP,
		"--node-labels=" + strings.Join(append([]string{"node.kubernetes.io/instance-type=k3s"}, o.NodeLabels...), ","),
		// A folder alone leaves kubelet's defaults for flags in place, an open port among them.
		"--read-only-port=0",
	}
	if len(o.NodeTaints) > 0 {
		args = append(args, "--register-with-taints="+strings.Join(o.NodeTaints, ","))
	}
	return append(args, flags(o.KubeletArgs)...)
}

func kubeletConfiguration(o *options.Options, cluster join.Cluster, resolver string) map[string]any {
	config := map[string]any{
		"apiVersion":               "kubelet.config.k8s.io/v1beta1",
		"kind":                     "KubeletConfiguration",
		"containerRuntimeEndpoint": containerd.Endpoint,
		"address":                  "0.0.0.0",
		"staticPodPath":            layout.StaticPodsDir,
		"authentication": map[string]any{
			"anonymous": map[string]bool{"enabled": false},
			"webhook":   map[string]bool{"enabled": true},
			"x509":      map[string]string{"clientCAFile": layout.Agent("client-ca.crt")},
		},
		"authorization":     map[string]string{"mode": "Webhook"},
		"tlsCertFile":       base(join.Serving) + ".crt",
		"tlsPrivateKeyFile": base(join.Serving) + ".key",
		"clusterDNS":        []string{cluster.ClusterDNS},
		"clusterDomain":     cluster.ClusterDomain,
		"resolvConf":        resolver,
		"cgroupDriver":      containerd.CgroupDriver(),
		// Refusing cgroup v1 is kubelet's default; this build runs on both.
		"failCgroupV1":          false,
		"failSwapOn":            false,
		"protectKernelDefaults": o.ProtectKernel,
		"healthzBindAddress":    "127.0.0.1",
		"serializeImagePulls":   false,
	}
	if diskVisible(layout.DataDir) {
		config["evictionHard"] = map[string]string{"imagefs.available": "5%", "nodefs.available": "5%"}
		config["evictionMinimumReclaim"] = map[string]string{"imagefs.available": "10%", "nodefs.available": "10%"}
	} else {
		config["localStorageCapacityIsolation"] = false
		config["imageGCHighThresholdPercent"] = 100
		config["evictionHard"] = map[string]string{
			"imagefs.available": "0%", "imagefs.inodesFree": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%", "memory.available": "0%",
		}
	}
	return config
}

func proxyArgs(o *options.Options, cluster join.Cluster) []string {
	args := []string{
		"--kubeconfig=" + kubeconfig("kubeproxy"),
		"--hostname-override=" + o.NodeName,
		"--proxy-mode=iptables",
		"--cluster-cidr=" + cluster.ClusterCIDR,
		"--healthz-bind-address=127.0.0.1:10256",
		// Limits of connection tracking are left as the machine has them.
		"--conntrack-max-per-core=0",
		"--conntrack-tcp-timeout-established=0s",
		"--conntrack-tcp-timeout-close-wait=0s",
	}
	return append(args, flags(o.KubeProxyArgs)...)
}

// flags turns the values of a kubelet-arg and its like into flags.
func flags(values []string) []string {
	out := make([]string, 0, len(values))
	for _, value := range values {
		out = append(out, "--"+strings.TrimLeft(value, "-"))
	}
	return out
}

// resolvConf finds a resolver that pods can use: a stub on the loopback address answers only on
// the node itself.
func resolvConf(asked string) (string, error) {
	if asked != "" {
		return asked, nil
	}
	for _, file := range []string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"} {
		text, err := os.ReadFile(file)
		if err == nil && usable(string(text)) {
			return file, nil
		}
	}
	// The official program falls back to the same resolver.
	return layout.ResolverConfig, pki.WriteFile(layout.ResolverConfig, []byte("nameserver 8.8.8.8\n"), 0o644)
}

func usable(text string) bool {
	found := false
	for line := range strings.SplitSeq(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if strings.HasPrefix(fields[1], "127.") || fields[1] == "::1" {
			return false
		}
		found = true
	}
	return found
}
