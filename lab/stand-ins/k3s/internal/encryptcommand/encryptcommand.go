// Package encryptcommand is the part of `k3s secrets-encrypt` that enables encryption, replaces the key and tells the
// state.
package encryptcommand

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"fogline/lab/k3s/internal/encryption"
	"fogline/lab/k3s/internal/join"
	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/token"
)

// Run answers `status`, `enable` and `rotate-keys`.
func Run(w io.Writer, args []string) error {
	var asked encryption.Request
	done := ""
	switch enable, stage := true, encryption.RotateKeys; strings.Join(args[:min(1, len(args))], "") {
	case "status":
	case "enable":
		asked.Enable, done = &enable, "secrets-encryption enabled"
	case "rotate-keys":
		asked.Stage, done = &stage, "keys rotated, reencryption started"
	default:
		return fmt.Errorf("secrets-encrypt %s is not supported by this build, only: status, enable, rotate-keys",
			strings.Join(args, " "))
	}
	flags := flag.NewFlagSet("secrets-encrypt "+args[0], flag.ContinueOnError)
	server := flags.String("server", "https://127.0.0.1:6443", "address of the server")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errors.New("secrets-encrypt takes flags alone")
	}
	text, err := os.ReadFile(layout.TokenFile)
	if err != nil {
		return err
	}
	parsed, err := token.Parse(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	if done != "" {
		if err := join.ChangeEncryption(context.Background(), *server, parsed, asked); err != nil {
			return fmt.Errorf("see server log for details: %w", err)
		}
		_, err := fmt.Fprintln(w, done)
		return err
	}
	answer, err := join.EncryptionStatus(context.Background(), *server, parsed)
	if err != nil {
		return fmt.Errorf("see server log for details: %w", err)
	}
	var state encryption.State
	if err := json.Unmarshal(answer, &state); err != nil {
		return err
	}
	_, err = io.WriteString(w, describe(state))
	return err
}

// describe has the words of the official program.
func describe(state encryption.State) string {
	if state.Enable == nil {
		return "Encryption Status: Disabled, no configuration file found\n"
	}
	status, hashes := "Disabled", state.HashError
	if *state.Enable {
		status = "Enabled"
	}
	if state.HashMatch {
		hashes = "All hashes match"
	}
	lines := []string{
		"Encryption Status: " + status,
		"Current Rotation Stage: " + state.Stage,
		"Server Encryption Hashes: " + hashes,
		"",
		"Active  Key Type  Name",
		"------  --------  ----",
	}
	if state.ActiveKey != "" {
		lines = append(lines, " *      "+row(state.ActiveKey))
	}
	for _, key := range state.InactiveKeys {
		lines = append(lines, "        "+row(key))
	}
	return strings.Join(lines, "\n") + "\n"
}

func row(key string) string {
	kind, name, _ := strings.Cut(key, " ")
	return fmt.Sprintf("%-8s  %s", kind, name)
}
