package component

import (
	"github.com/spf13/cobra"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/rest"
	basecompatibility "k8s.io/component-base/compatibility"
	"k8s.io/component-base/featuregate"
	logsapi "k8s.io/component-base/logs/api/v1"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"

	"fogline/lab/k3s/internal/join"
)

// apiServer is kube-apiserver with the paths where nodes join in front, as K3s serves both on one port.
// The published command cannot be given another handler, so its parts are put together here.
func apiServer() *cobra.Command {
	s := options.NewServerRunOptions()
	ctx := genericapiserver.SetupSignalContext()
	globals := s.GenericServerRunOptions.ComponentGlobalsRegistry
	command := &cobra.Command{
		Use:          APIServer,
		SilenceUsage: true,
		Args:         cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := globals.Set(); err != nil {
				return err
			}
			rest.SetDefaultWarningHandler(rest.NoWarnings{})
			gates := globals.FeatureGateFor(basecompatibility.DefaultKubeComponent)
			if err := logsapi.ValidateAndApply(s.Logs, gates); err != nil {
				return err
			}
			completed, err := s.Complete(ctx)
			if err != nil {
				return err
			}
			if problems := completed.Validate(); len(problems) != 0 {
				return utilerrors.NewAggregate(problems)
			}
			gates.(featuregate.MutableFeatureGate).AddMetrics()
			globals.AddMetrics()
			config, err := apiserver.NewConfig(completed)
			if err != nil {
				return err
			}
			complete, err := config.Complete()
			if err != nil {
				return err
			}
			server, err := apiserver.CreateServerChain(complete)
			if err != nil {
				return err
			}
			handler := server.GenericAPIServer.Handler
			nodes, err := join.Open(s.Etcd.EncryptionProviderConfigFilepath != "")
			if err != nil {
				return err
			}
			handler.FullHandlerChain = nodes.Wrap(handler.FullHandlerChain)
			prepared, err := server.PrepareRun()
			if err != nil {
				return err
			}
			return prepared.Run(ctx)
		},
	}
	command.SetContext(ctx)
	for _, set := range s.Flags().FlagSets {
		command.Flags().AddFlagSet(set)
	}
	return command
}
