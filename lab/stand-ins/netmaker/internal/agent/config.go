// Package agent is netclient: it registers a machine and configures its tunnels as the server orders.
package agent

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/nacl/box"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"fogline/lab/netmaker/internal/device"
	"fogline/lab/netmaker/internal/file"
	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/settings"
)

const (
	// Folder holds netclient's files; all are its owner's alone, as they hold keys.
	Folder = "/etc/netclient"

	configFile = "netclient.json"
	serverFile = "servers.json"
	pullFile   = "pull.json"
	pidFile    = "netclient.pid"

	// defaultPort is where a new host listens.
	defaultPort = 51821
)

// Config is the machine as it registers, and the keys that never leave it.
type Config struct {
	model.Host
	PrivateKey        wgtypes.Key `json:"privatekey"`
	TrafficKeyPrivate []byte      `json:"traffickeyprivate"`
}

// Files are netclient's files in a folder.
type Files struct{ folder string }

// NewFiles names the folder.
func NewFiles(folder string) Files { return Files{folder} }

// Config reads the machine's, or makes one where there is none; it is kept before it is used.
func (f Files) Config() (Config, error) {
	var config Config
	found, err := f.read(configFile, &config)
	if found || err != nil {
		return config, err
	}
	if config, err = newConfig(); err != nil {
		return config, err
	}
	return config, f.write(configFile, config)
}

// read reports whether the file is there.
func (f Files) read(name string, value any) (bool, error) {
	text, err := os.ReadFile(filepath.Join(f.folder, name))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, value)
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", filepath.Join(f.folder, name), err)
	}
	return true, nil
}

func (f Files) write(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.folder, 0o700); err != nil {
		return err
	}
	return file.Replace(filepath.Join(f.folder, name), append(text, '\n'), 0o600)
}

func (f Files) remove(names ...string) error {
	var errs []error
	for _, name := range names {
		if err := os.Remove(filepath.Join(f.folder, name)); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// newConfig makes the machine's keys and secrets.
func newConfig() (Config, error) {
	private, err := wgtypes.GeneratePrivateKey()
	if err != nil {
		return Config{}, err
	}
	trafficPublic, trafficPrivate, err := box.GenerateKey(rand.Reader)
	if err != nil {
		return Config{}, err
	}
	name, err := os.Hostname()
	if err != nil {
		return Config{}, err
	}
	// A made-up address, locally administered: it names the host and nothing else.
	mac := make(net.HardwareAddr, 6)
	rand.Read(mac)
	mac[0] = mac[0]&^1 | 2
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	return Config{
		Host: model.Host{
			Machine: model.Machine{
				ID: uuid.NewString(), Name: name, Version: settings.Version, OS: "linux", FirewallInUse: "nftables",
				KernelVersion: strings.TrimSpace(string(kernel)), ListenPort: defaultPort, MTU: device.DefaultMTU, Nodes: []string{},
			},
			HostPass: rand.Text(), IPForwarding: true, DaemonInstalled: true, Interface: device.Name,
			PublicKey: private.PublicKey(), MacAddress: mac, TrafficKeyPublic: trafficPublic[:], DNS: "yes",
			PersistentKeepalive: 20 * time.Second,
		},
		PrivateKey: private, TrafficKeyPrivate: trafficPrivate[:],
	}, err
}
