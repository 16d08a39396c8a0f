package component

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli/flag"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
	kubeletoptions "k8s.io/kubernetes/cmd/kubelet/app/options"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/kubeletconfig/configfiles"
	utilfs "k8s.io/kubernetes/pkg/util/filesystem"
)

// configTS is where the program writes K3s' configuration, timers among it.
const configTS = "../../../../../components/k3s/config.ts"

// parse gives a component's flags what the program may give it.
func parse(t *testing.T, sets flag.NamedFlagSets, args ...string) {
	t.Helper()
	all := new(cobra.Command).Flags()
	for _, set := range sets.FlagSets {
		all.AddFlagSet(set)
	}
	if err := all.Parse(args); err != nil {
		t.Error(err)
	}
}

func TestTheProgramsTimersAreArgumentsOfTheirComponents(t *testing.T) {
	text, err := os.ReadFile(configTS)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"node-monitor-grace-period", "node-monitor-period", "-toleration-seconds", "node-status-update-frequency",
		"iptables-min-sync-period", "nodeLeaseDurationSeconds",
	} {
		if !strings.Contains(string(text), name) {
			t.Errorf("the program does not set %s any more", name)
		}
	}
	parse(t, apiserver.NewServerRunOptions().Flags(),
		"--default-not-ready-toleration-seconds=5", "--default-unreachable-toleration-seconds=5")
	m, err := manager.NewKubeControllerManagerOptions()
	if err != nil {
		t.Fatal(err)
	}
	parse(t, m.Flags(nil, nil, nil), "--node-monitor-grace-period=5.5s", "--node-monitor-period=0.5s")
	if got := m.NodeLifecycleController.NodeMonitorGracePeriod.Duration; got != 5500*time.Millisecond {
		t.Errorf("the grace is %s", got)
	}
	if got := m.KubeCloudShared.NodeMonitorPeriod.Duration; got != 500*time.Millisecond {
		t.Errorf("the period is %s", got)
	}
	if err := commands[Proxy]().Flags().Parse([]string{"--iptables-min-sync-period=0.2s"}); err != nil {
		t.Error(err)
	}
	kubelet := new(cobra.Command).Flags()
	kubeletoptions.AddKubeletConfigFlags(kubelet, &kubeletconfig.KubeletConfiguration{})
	if err := kubelet.Parse([]string{"--node-status-update-frequency=2s"}); err != nil {
		t.Error(err)
	}
}

func TestKubeletTakesTheProgramsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "50-fogline.conf")
	text := "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nnodeLeaseDurationSeconds: 2\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	loader, err := configfiles.NewFsLoader(&utilfs.DefaultFs{}, file)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := loader.LoadIntoJSON()
	if err != nil || !strings.Contains(string(got), `"nodeLeaseDurationSeconds":2`) {
		t.Errorf("got %s, %v", got, err)
	}
}
