// Package component holds the Kubernetes programs that K3s bundles, as commands of this binary.
package component

import (
	"context"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // metrics of the client
	_ "k8s.io/component-base/metrics/prometheus/version"  // metric of the version
	_ "k8s.io/component-base/metrics/prometheus/workqueue"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// Names of the components.
const (
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kubelet           = "kubelet"
	Proxy             = "kube-proxy"
)

var commands = map[string]func() *cobra.Command{
	APIServer:         apiServer,
	ControllerManager: manager.NewControllerManagerCommand,
	Scheduler:         func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	Kubelet:           func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
	Proxy:             proxy.NewProxyCommand,
}

// Known reports whether this binary contains the component.
func Known(name string) bool {
	_, ok := commands[name]
	return ok
}

// Run runs a component with its own flags and returns its exit code.
func Run(name string, args []string) int {
	os.Args = append([]string{name}, args...)
	return cli.Run(commands[name]())
}
