//go:debug netdns=go

// Command descheduler is the Kubernetes descheduler as its authors publish it.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"sigs.k8s.io/descheduler/cmd/descheduler/app"
)

func main() {
	command := app.NewDeschedulerCommand(os.Stdout)
	command.AddCommand(app.NewVersionCommand())
	os.Exit(cli.Run(command))
}
