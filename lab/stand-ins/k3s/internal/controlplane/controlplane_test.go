package controlplane

import (
	"slices"
	"testing"

	"fogline/lab/k3s/internal/options"
)

func TestTheAPIAnswersToItsNames(t *testing.T) {
	names, err := servingNames(&options.Options{
		ServiceCIDR: "10.43.0.0/16", ClusterDomain: "cluster.local", NodeName: "master",
		NodeIP: "10.101.0.1", AdvertiseAddress: "10.101.0.1", TLSNames: []string{"10.101.0.1", "k3s.test"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"10.43.0.1", "127.0.0.1", "10.101.0.1", "k3s.test", "master", "kubernetes.default.svc.cluster.local"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is missing in %v", name, names)
		}
	}
	if len(names) != len(slices.Compact(slices.Clone(names))) {
		t.Errorf("a name stands twice in %v", names)
	}
}

func TestArgumentsOfTheUserReplaceOurs(t *testing.T) {
	flags := controllerManagerFlags(&options.Options{
		ClusterCIDR:           "10.42.0.0/16",
		ControllerManagerArgs: []string{"node-monitor-grace-period=20s", "node-monitor-period=0.5s", "leader-elect=true"},
	})
	for _, flag := range []string{
		"--node-monitor-grace-period=20s", "--node-monitor-period=0.5s", "--leader-elect=true", "--cluster-cidr=10.42.0.0/16",
	} {
		if !slices.Contains(flags, flag) {
			t.Errorf("%s is missing in %v", flag, flags)
		}
	}
	if slices.Contains(flags, "--leader-elect=false") {
		t.Error("our own value stands beside the user's")
	}
}
