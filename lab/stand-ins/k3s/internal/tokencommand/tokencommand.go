// Package tokencommand is the part of `k3s token` that replaces the server's token.
package tokencommand

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"fogline/lab/k3s/internal/join"
	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/token"
)

// Run answers `rotate`.
func Run(args []string) error {
	if len(args) == 0 || args[0] != "rotate" {
		return fmt.Errorf("token %s is not supported by this build, only: rotate", strings.Join(args, " "))
	}
	flags := flag.NewFlagSet("token rotate", flag.ContinueOnError)
	server := flags.String("server", "https://127.0.0.1:6443", "address of the server")
	old := flags.String("token", os.Getenv("K3S_TOKEN"), "token of before; that of this machine's server where empty")
	asked := flags.String("new-token", "", "new token; a random one where empty")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errors.New("token rotate takes flags alone")
	}
	if *old == "" {
		text, err := os.ReadFile(layout.TokenFile)
		if err != nil {
			return err
		}
		*old = strings.TrimSpace(string(text))
	}
	parsed, err := token.Parse(*old)
	if err != nil {
		return err
	}
	if err := join.Rotate(context.Background(), *server, parsed, join.Rotation{NewToken: *asked}); err != nil {
		return err
	}
	fmt.Println("Token rotated, restart k3s nodes with new token")
	return nil
}
