package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"fogline/lab/netmaker/internal/file"
)

const (
	// Program is where install puts netclient.
	Program  = "/usr/bin/netclient"
	unitPath = "/etc/systemd/system/netclient.service"
	// unitTimeout bounds a call of systemctl.
	unitTimeout = 30 * time.Second
)

// unit does not stop wireguard-go with netclient, so that tunnels survive its restart.
const unit = `[Unit]
Description=Netclient Daemon
After=network-online.target
Wants=network-online.target

[Service]
Type=simple
ExecStart=` + Program + ` daemon
Restart=always
RestartSec=2s
KillMode=process

[Install]
WantedBy=multi-user.target
`

// Install puts the program and its unit in place and starts it.
func Install(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if self != Program {
		program, err := os.ReadFile(self)
		if err != nil {
			return err
		}
		if err := file.Replace(Program, program, 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(unitPath, []byte(unit), 0o644); err != nil {
		return err
	}
	return systemctl(ctx, []string{"daemon-reload"}, []string{"enable", "netclient.service"},
		[]string{"restart", "netclient.service"})
}

// Uninstall deletes the host on the server and removes netclient from the machine. A server that
// cannot be reached will see the host as offline.
func Uninstall(ctx context.Context, files Files) error {
	withdrawn := Withdraw(ctx, files)
	errs := []error{}
	if _, err := os.Stat(unitPath); err == nil {
		errs = append(errs, systemctl(ctx, []string{"disable", "--now", "netclient.service"}),
			os.Remove(unitPath), systemctl(ctx, []string{"daemon-reload"}))
	}
	errs = append(errs, Clear(ctx, files), os.RemoveAll(files.folder))
	if err := os.Remove(Program); !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if withdrawn != nil && !errors.Is(withdrawn, errNotRegistered) {
		return fmt.Errorf("netclient is off this machine, but the server did not hear of it: %w", withdrawn)
	}
	return nil
}

func systemctl(ctx context.Context, commands ...[]string) error {
	for _, args := range commands {
		ctx, cancel := context.WithTimeout(ctx, unitTimeout)
		said, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput()
		cancel()
		if err != nil {
			return fmt.Errorf("systemctl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(said)))
		}
	}
	return nil
}
