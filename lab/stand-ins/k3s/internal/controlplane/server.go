// Package controlplane runs what makes a node a server: datastore, API server, controllers and
// scheduler, and the controllers that K3s adds to them.
package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"fogline/lab/k3s/internal/addons"
	"fogline/lab/k3s/internal/component"
	"fogline/lab/k3s/internal/datastore"
	"fogline/lab/k3s/internal/encryption"
	"fogline/lab/k3s/internal/join"
	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/nodes"
	"fogline/lab/k3s/internal/options"
	"fogline/lab/k3s/internal/pki"
	"fogline/lab/k3s/internal/process"
)

// The API server may have to wait for a slow disk; a server that is not up after this is broken.
const readyWithin = 5 * time.Minute

// Server is a running control plane.
type Server struct {
	// Token is the full agents' token, with which this machine's own node joins too.
	Token string

	stopComponents, stopDatastore context.CancelFunc
	components, datastore         sync.WaitGroup
}

// Start brings the control plane up and returns once the API is ready. Stop ends it.
func Start(ctx context.Context, o *options.Options) (*Server, error) {
	ca, err := certificates(o)
	if err != nil {
		return nil, err
	}
	full, err := tokenFiles{
		server: layout.TokenFile, agent: layout.AgentTokenFile, node: layout.NodeTokenFile,
	}.keep(o, ca.PEM)
	if err != nil {
		return nil, err
	}
	if err := keepCluster(o); err != nil {
		return nil, err
	}
	if o.SecretsEncryption {
		files := encryption.Files{Config: layout.EncryptionConfig, State: layout.EncryptionState}
		if err := files.Ensure(); err != nil {
			return nil, fmt.Errorf("secrets-encryption: %w", err)
		}
	}
	s := &Server{Token: full}
	// Separate from ctx, so that components are stopped before their datastore.
	background := context.WithoutCancel(ctx)
	store, stopDatastore := context.WithCancel(background)
	s.stopDatastore = stopDatastore
	if err := datastore.Start(store, &s.datastore, layout.DatabaseFile, layout.DatastoreSocket); err != nil {
		stopDatastore()
		return nil, err
	}
	running, stopComponents := context.WithCancel(background)
	s.stopComponents = stopComponents
	process.Self(component.APIServer, apiServerFlags(o)).Keep(running, &s.components)
	config, client, err := s.ready(ctx)
	if err != nil {
		s.Stop()
		return nil, err
	}
	process.Self(component.ControllerManager, controllerManagerFlags(o)).Keep(running, &s.components)
	process.Self(component.Scheduler, schedulerFlags(o)).Keep(running, &s.components)
	deployer, err := addons.New(config, o)
	if err != nil {
		s.Stop()
		return nil, err
	}
	s.components.Go(func() { deployer.Run(running) })
	s.components.Go(func() { nodes.Watch(running, client, o) })
	return s, nil
}

// Stop ends the control plane; pods go on running.
func (s *Server) Stop() {
	s.stopComponents()
	s.components.Wait()
	s.stopDatastore()
	s.datastore.Wait()
}

// ready waits until the API server says that it is.
func (s *Server) ready(ctx context.Context) (*rest.Config, kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", layout.Credential("supervisor"))
	if err != nil {
		return nil, nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, nil, err
	}
	began := time.Now()
	err = process.Await(ctx, "the API is ready", readyWithin, func(ctx context.Context) error {
		ctx, done := context.WithTimeout(ctx, 2*time.Second)
		defer done()
		answer, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		if err != nil {
			return fmt.Errorf("%w: %s", err, answer)
		}
		log.Printf("the API is ready after %.1f s", time.Since(began).Seconds())
		return nil
	})
	return config, client, err
}

// keepCluster writes what the supervisor tells joining nodes.
func keepCluster(o *options.Options) error {
	text, err := json.Marshal(join.Cluster{
		ClusterCIDR: o.ClusterCIDR, ServiceCIDR: o.ServiceCIDR, ClusterDNS: o.ClusterDNS, ClusterDomain: o.ClusterDomain,
		FlannelBackend: o.FlannelBackend, NoNetworkPolicy: o.NoNetworkPolicy,
	})
	if err != nil {
		return err
	}
	return pki.WriteFile(layout.ClusterFile, text, 0o600)
}
