// Package kubecommand is `k3s kubectl`.
package kubecommand

import (
	"os"

	_ "k8s.io/client-go/plugin/pkg/client/auth" // the login methods of kubeconfigs
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"

	"fogline/lab/k3s/internal/options"
)

// Run runs kubectl with these arguments. Without KUBECONFIG it uses the server's own kubeconfig
// where the user may read it.
func Run(args []string) {
	os.Args = append([]string{"kubectl"}, args...)
	if os.Getenv("KUBECONFIG") == "" {
		if file, err := os.Open(options.KubeconfigFile); err == nil {
			_ = file.Close() // nothing was written
			if err := os.Setenv("KUBECONFIG", options.KubeconfigFile); err != nil {
				util.CheckErr(err)
			}
		}
	}
	if _, err := logs.GlogSetter(cmd.GetLogVerbosity(os.Args)); err != nil {
		util.CheckErr(err)
	}
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
