// Command netclient is a stand-in for Netmaker's netclient, with its command line and files, for
// computers that reach package registries alone.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"fogline/lab/netmaker/internal/agent"
	"fogline/lab/netmaker/internal/settings"
)

const usage = `Usage: netclient COMMAND

  install             put program and unit in place, and start the daemon
  join -t TOKEN       register with the server that the token names
  leave NETWORK       end the membership of a network
  list [NETWORK]      show memberships; -l shows peers, too
  pull                ask the server for news
  uninstall           take this machine out of the server, and netclient off it
  daemon              keep the tunnels; what the unit runs
  version             tell the version
`

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		fmt.Print(usage)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := command(ctx, os.Args[1], os.Args[2:]); err != nil {
		log.Fatalf("netclient %s: %v", os.Args[1], err)
	}
}

func command(ctx context.Context, name string, args []string) error {
	files := agent.NewFiles(agent.Folder)
	switch name {
	case "version", "--version":
		fmt.Printf("%s (stand-in)\n", settings.Version)
		return nil
	case "help", "--help", "-h":
		fmt.Print(usage)
		return nil
	}
	if os.Geteuid() != 0 {
		return errors.New("must run as root")
	}
	switch name {
	case "install":
		return agent.Install(ctx)
	case "join", "register":
		return join(ctx, files, args)
	case "leave":
		if len(args) != 1 {
			return errors.New("name one network")
		}
		if err := agent.Leave(ctx, files, args[0]); err != nil {
			return err
		}
		return agent.Pull(ctx, files)
	case "list":
		return list(files, args)
	case "pull":
		return agent.Pull(ctx, files)
	case "uninstall":
		return agent.Uninstall(ctx, files)
	case "daemon":
		daemon := agent.NewDaemon(files)
		signal.Notify(daemon.Reload, syscall.SIGHUP)
		return daemon.Run(ctx)
	}
	return errors.New("not supported by this build\n" + usage)
}

func join(ctx context.Context, files agent.Files, args []string) error {
	flags := flag.NewFlagSet("join", flag.ContinueOnError)
	var o agent.JoinOptions
	flags.StringVar(&o.Token, "t", "", "enrolment token")
	flags.StringVar(&o.Name, "o", "", "the host's name; default: the machine's")
	endpoint := flags.String("e", "", "address that others reach this host by; default: what the server sees")
	flags.IntVar(&o.Port, "p", 0, "UDP port to listen on; default 51821")
	flags.IntVar(&o.MTU, "m", 0, "MTU of the interface in bytes; default 1420")
	flags.BoolVar(&o.Static, "i", false, "keep the endpoint's address")
	flags.BoolVar(&o.StaticPort, "j", false, "keep the port")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s: not understood", flags.Arg(0))
	}
	if *endpoint != "" {
		if o.EndpointIP = net.ParseIP(*endpoint); o.EndpointIP == nil {
			return fmt.Errorf("-e %s: must be an IP address", *endpoint)
		}
	}
	if o.Token == "" {
		return errors.New("-t TOKEN is needed: an enrolment token of the server")
	}
	answer, err := agent.Join(ctx, files, o)
	if err != nil {
		return err
	}
	fmt.Printf("registered with %s as %s\n", answer.ServerConf.Server, answer.RequestedHost.Name)
	return agent.Pull(ctx, files)
}

func list(files agent.Files, args []string) error {
	flags := flag.NewFlagSet("list", flag.ContinueOnError)
	long := flags.Bool("l", false, "show peers")
	if err := flags.Parse(args); err != nil {
		return err
	}
	found, err := agent.List(files, flags.Arg(0), *long)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(found)
}
