package options

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestServerConfiguration(t *testing.T) {
	file := write(t, "node-name: Master\nnode-ip: 10.101.0.1\ndisable: [servicelb, traefik]\nservice-cidr: 10.50.0.0/16\n"+
		"node-label: [tier=cloud]\nwrite-kubeconfig-mode: \"0640\"\ndisable-cloud-controller: true\n")
	o, err := Load(Server, []string{"--config", file, "--node-label=a=b", "--node-label", "c=d"})
	if err != nil {
		t.Fatal(err)
	}
	if o.NodeName != "master" || o.ClusterDNS != "10.50.0.10" || !o.NoCloudController || o.KubeconfigMode != "0640" {
		t.Errorf("read %+v", o)
	}
	if !slices.Equal(o.NodeLabels, []string{"a=b", "c=d"}) {
		t.Errorf("flags must replace the file's list, got %v", o.NodeLabels)
	}
	if !o.Disabled("traefik") || o.Disabled("coredns") {
		t.Errorf("disabled add-ons: %v", o.DisabledAddons)
	}
}

func TestEveryProblemAtOnce(t *testing.T) {
	file := write(t, "node-ip: nowhere\nselinux: true\nserver: https://x:6443\nflannel-backend: wireguard-native\n")
	_, err := Load(Server, []string{"--config=" + file, "--cluster-init", "--rootless=true"})
	if err == nil {
		t.Fatal("nothing refused")
	}
	for _, part := range []string{"node-ip", "selinux", "server is not an option", "wireguard-native", "cluster-init", "rootless"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in %v", part, err)
		}
	}
}

func TestAgentNeedsServerAndToken(t *testing.T) {
	_, err := Load(Agent, []string{"--config", write(t, "node-name: pi\n")})
	if err == nil || !strings.Contains(err.Error(), "server:") || !strings.Contains(err.Error(), "token") {
		t.Errorf("got %v", err)
	}
}

func TestFlannelConfiguration(t *testing.T) {
	load := func(flannel string) error {
		_, err := Load(Server, []string{"--config", write(t, "node-name: one\n"), "--flannel-conf", flannel})
		return err
	}
	for _, flannel := range []string{
		`{"Network": "10.42.0.0/16", "Backend": {"Type": "vxlan", "MTU": 1420}}`,
		`{"Network": "10.42.0.0/16", "Backend": {"Type": "host-gw"}}`,
	} {
		if err := load(write(t, flannel)); err != nil {
			t.Error(err)
		}
	}
	for part, flannel := range map[string]string{
		`backend "udp" is not supported by this build, only vxlan and host-gw`: write(t, `{"Backend": {"Type": "udp"}}`),
		"this build has no IPv6": write(t, `{"EnableIPv6": true, "Backend": {"Type": "vxlan"}}`),
		"invalid character":      write(t, "Backend: vxlan"),
		"no such file":           "/nowhere",
	} {
		if err := load(flannel); err == nil || !strings.Contains(err.Error(), "flannel-conf: ") || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in %v", part, err)
		}
	}
}

func TestFolderAddsToFile(t *testing.T) {
	file := write(t, "node-label: [a=1]\nnode-name: one\n")
	if err := os.Mkdir(file+".d", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(file+".d", "10.yaml"), []byte("node-label+: [b=2]\nnode-name: two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := Load(Server, []string{"--config", file})
	if err != nil {
		t.Fatal(err)
	}
	if o.NodeName != "two" || !slices.Equal(o.NodeLabels, []string{"a=1", "b=2"}) {
		t.Errorf("read %+v", o)
	}
}
