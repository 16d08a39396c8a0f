//go:debug netdns=go

// Command k3s is a stand-in for K3s, made of the upstream parts that K3s bundles, for computers
// that reach package registries alone. It keeps the official command line, files and units.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	goruntime "runtime"
	"sync"
	"syscall"

	"fogline/lab/k3s/internal/component"
	"fogline/lab/k3s/internal/controlplane"
	"fogline/lab/k3s/internal/encryptcommand"
	"fogline/lab/k3s/internal/kubecommand"
	"fogline/lab/k3s/internal/node"
	"fogline/lab/k3s/internal/options"
	"fogline/lab/k3s/internal/release"
	"fogline/lab/k3s/internal/runtimecommand"
	"fogline/lab/k3s/internal/tokencommand"
)

const usage = `Usage: k3s COMMAND

  server     run the control plane and a node
  agent      run a node
  kubectl    kubectl
  token      replace the server's token: token rotate
  secrets-encrypt  encryption of Secrets: status, enable, rotate-keys
  crictl     look at the node's containers: ps, pods, images, pull, version
  --version  tell the version
`

func main() {
	log.SetFlags(0)
	args := os.Args[1:]
	// A link to this binary under another name is that command.
	if name := filepath.Base(os.Args[0]); name == "kubectl" || name == "crictl" {
		args = append([]string{name}, args...)
	}
	if len(args) == 0 {
		fmt.Print(usage)
		return
	}
	if component.Known(args[0]) {
		os.Exit(component.Run(args[0], args[1:]))
	}
	if err := command(args[0], args[1:]); err != nil {
		log.Fatalf("k3s %s: %v", args[0], err)
	}
}

func command(name string, args []string) error {
	switch name {
	case "server":
		return run(options.Server, args)
	case "agent":
		return run(options.Agent, args)
	case "kubectl":
		kubecommand.Run(args)
		return nil
	case "token":
		return tokencommand.Run(args)
	case "secrets-encrypt":
		return encryptcommand.Run(os.Stdout, args)
	case "crictl":
		return runtimecommand.Run(os.Stdout, args)
	case "--version", "-v", "version":
		fmt.Printf("k3s version %s (%s)\ngo version %s\n", release.Version, release.Commit, goruntime.Version())
		return nil
	case "--help", "-h", "help":
		fmt.Print(usage)
		return nil
	}
	return errors.New("not supported by this build\n" + usage)
}

// run runs a node until it is stopped. Containers continue; everything else ends with it.
func run(role options.Role, args []string) error {
	o, err := options.Load(role, args)
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return errors.New("must run as root")
	}
	log.Printf("k3s %s %s (%s): node %s", role, release.Version, release.Commit, o.NodeName)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if role == options.Server {
		plane, err := controlplane.Start(ctx, o)
		if err != nil {
			return err
		}
		defer plane.Stop()
		o.ServerURL, o.Token = controlplane.LocalAPI, plane.Token
	}
	var group sync.WaitGroup
	defer group.Wait()
	ctx, end := context.WithCancel(ctx)
	defer end()
	if err := node.Run(ctx, &group, o); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	<-ctx.Done()
	return nil
}
