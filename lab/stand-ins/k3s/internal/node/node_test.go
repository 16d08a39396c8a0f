package node

import (
	"slices"
	"strings"
	"testing"

	"fogline/lab/k3s/internal/join"
	"fogline/lab/k3s/internal/options"
)

func TestResolverOnLoopbackIsOfNoUseToPods(t *testing.T) {
	for text, want := range map[string]bool{
		"nameserver 127.0.0.53\n": false, "nameserver ::1\n": false, "search x\n": false, "": false,
		"search x\nnameserver 192.0.2.1\n": true, "nameserver 192.0.2.1\nnameserver 127.0.0.1\n": false,
	} {
		if usable(text) != want {
			t.Errorf("%q: got %v", text, !want)
		}
	}
}

func TestArgumentsOfTheUserComeLast(t *testing.T) {
	o := &options.Options{NodeName: "pi", KubeProxyArgs: []string{"proxy-mode=nftables", "--v=4"}}
	args := proxyArgs(o, join.Cluster{ClusterCIDR: "10.42.0.0/16"})
	if !slices.Equal(args[len(args)-2:], []string{"--proxy-mode=nftables", "--v=4"}) {
		t.Errorf("got %v", args)
	}
}

func TestKubeletTakesTheCluster(t *testing.T) {
	config := kubeletConfiguration(&options.Options{}, join.Cluster{ClusterDNS: "10.43.0.10", ClusterDomain: "cluster.local"}, "/etc/resolv.conf")
	if config["clusterDNS"].([]string)[0] != "10.43.0.10" || !strings.HasSuffix(config["tlsCertFile"].(string), "serving-kubelet.crt") {
		t.Errorf("got %v", config)
	}
}

func TestSourceOfTheNearestMount(t *testing.T) {
	text := "1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 0:5 / /var/lib rw shared:1 - tmpfs tmpfs rw\n3 1 0:6 / /var/library rw - ext4 /dev/vdb rw\n"
	for folder, want := range map[string]string{"/var/lib/rancher/k3s": "tmpfs", "/etc": "/dev/vda", "/var/library/x": "/dev/vdb"} {
		if got := sourceOf(text, folder); got != want {
			t.Errorf("%s: got %s", folder, got)
		}
	}
}

func TestKubeletReadsAFolderThatOthersAddTo(t *testing.T) {
	args := kubeletFlags(&options.Options{NodeName: "pi", KubeletArgs: []string{"node-status-update-frequency=2s"}})
	for _, flag := range []string{"--config-dir=/var/lib/rancher/k3s/agent/etc/kubelet.conf.d", "--read-only-port=0"} {
		if !slices.Contains(args, flag) {
			t.Errorf("%s is missing in %v", flag, args)
		}
	}
	if slices.ContainsFunc(args, func(flag string) bool { return strings.HasPrefix(flag, "--config=") }) {
		t.Error("a single file is named beside the folder")
	}
	if args[len(args)-1] != "--node-status-update-frequency=2s" {
		t.Errorf("the user's arguments must come last, got %v", args)
	}
}
