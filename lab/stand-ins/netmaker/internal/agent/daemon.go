package agent

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"fogline/lab/netmaker/internal/broker"
	"fogline/lab/netmaker/internal/device"
	"fogline/lab/netmaker/internal/firewall"
	"fogline/lab/netmaker/internal/hostsfile"
	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/seal"
)

// checkIn is the interval at which the host polls the server, which then counts it as online.
const checkIn = time.Minute

// Daemon keeps a machine's tunnels as the server last ordered, even while server and broker are down.
type Daemon struct {
	files Files
	// Reload signals that the files changed.
	Reload chan os.Signal

	mutex  sync.Mutex
	config Config
	api    *api
	queue  mqtt.Client
	// applied is what the interface was set to last.
	applied *model.HostPull
	// heard counts the broker's messages: an answer requested before one of them is older than it.
	heard int
	// state is the last error, or that all works, so that it is logged once.
	state string
}

const works = "works again"

// NewDaemon makes a daemon of a machine's files.
func NewDaemon(files Files) *Daemon {
	return &Daemon{files: files, Reload: make(chan os.Signal, 1), state: works}
}

// Run works until the context is done; the tunnels continue without it.
func (d *Daemon) Run(ctx context.Context) error {
	pid := filepath.Join(d.files.folder, pidFile)
	if err := os.MkdirAll(d.files.folder, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(pid, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return err
	}
	defer os.Remove(pid)
	if err := device.Forward(); err != nil {
		return err
	}
	d.restore()
	defer d.hangUp()
	ticker := time.NewTicker(checkIn)
	defer ticker.Stop()
	for {
		d.report(d.refresh(ctx))
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-d.Reload:
		}
	}
}

// restore applies the server's last answer, before the server is asked again.
func (d *Daemon) restore() {
	config, _, pull, err := registered(d.files)
	if err != nil {
		log.Print(err)
		return
	}
	d.config = config
	// An existing interface keeps its endpoints; one that has to be created takes all of them.
	d.applied = &pull
	d.report(d.apply(pull))
}

// refresh polls the server, which then counts the host as online.
func (d *Daemon) refresh(ctx context.Context) error {
	config, server, _, err := registered(d.files)
	if err != nil {
		return err
	}
	if d.api == nil || d.api.address != server.API {
		d.hangUp()
		d.api = newAPI(server.API)
	}
	d.mutex.Lock()
	d.config = config
	before := d.heard
	d.mutex.Unlock()
	d.dial(server)
	pull, err := d.api.pull(ctx, config)
	if err != nil {
		return fmt.Errorf("%w; the tunnels stay as they are", err)
	}
	if err := d.applyAnswer(pull, before); err != nil {
		return err
	}
	if err := d.leavePending(ctx, pull); err != nil {
		return err
	}
	return d.showLife(ctx, server)
}

// leavePending ends memberships that a user marked for deletion.
func (d *Daemon) leavePending(ctx context.Context, pull model.HostPull) error {
	var errs []error
	for _, node := range pull.Nodes {
		if node.PendingDelete {
			path := "/api/nodes/" + node.Network + "/" + node.ID
			errs = append(errs, d.api.asHost(ctx, d.config, http.MethodDelete, path, nil, nil))
		}
	}
	return errors.Join(errs...)
}

func (d *Daemon) showLife(ctx context.Context, server model.ServerConfig) error {
	host := d.config.Host
	host.HostPass = ""
	update := model.HostUpdate{Action: model.ActionCheckIn, Host: host}
	if d.queue != nil && d.queue.IsConnectionOpen() {
		message, err := seal.ForServer(update, server.TrafficKey, d.config.TrafficKeyPrivate)
		if err != nil {
			return err
		}
		token := d.queue.Publish(broker.ServerTopic(host.ID, server.Server), 1, false, message)
		if token.WaitTimeout(timeout) && token.Error() == nil {
			return nil
		}
	}
	return d.api.asHost(ctx, d.config, http.MethodPut, "/api/v1/fallback/host/"+host.ID, update, nil)
}

// dial connects to the broker in the background, once.
func (d *Daemon) dial(server model.ServerConfig) {
	if d.queue != nil || server.Broker == "" {
		return
	}
	id, key := d.config.ID, d.config.TrafficKeyPublic
	d.queue = mqtt.NewClient(broker.Options(server.Broker, id, server.MQUserName, server.MQPassword, func(client mqtt.Client) {
		client.Subscribe(broker.PeersTopic(id, server.Server), 1, opened(d, key, d.heardPeers))
		client.Subscribe(broker.HostTopic(id, server.Server), 1, opened(d, key, d.heardOrder))
	}))
	d.queue.Connect()
}

// opened handles what messages of the broker hold; an empty one only ends what the broker retained.
func opened[T any](d *Daemon, key []byte, handle func(T) error) mqtt.MessageHandler {
	return func(_ mqtt.Client, m mqtt.Message) {
		if len(m.Payload()) == 0 {
			return
		}
		var content T
		if err := seal.OpenAtHost(m.Payload(), key, &content); err != nil {
			d.report(fmt.Errorf("broker: %w", err))
			return
		}
		d.report(handle(content))
	}
}

func (d *Daemon) hangUp() {
	if d.queue != nil {
		d.queue.Disconnect(250)
		d.queue = nil
	}
}

func (d *Daemon) heardPeers(pull model.HostPull) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.heard++
	return d.set(pull)
}

func (d *Daemon) heardOrder(update model.HostUpdate) error {
	if update.Action != model.ActionDelete {
		return fmt.Errorf("broker: order %s is not known to this build of netclient", update.Action)
	}
	log.Print("the server has deleted this host: its tunnels end")
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.applied = nil
	return Clear(context.Background(), d.files)
}

// Clear removes everything that netclient set up, except the machine's keys.
func Clear(ctx context.Context, files Files) error {
	return errors.Join(
		firewall.Remove(ctx), device.Remove(), hostsfile.Write(hostsfile.Path, nil),
		files.remove(serverFile, pullFile),
	)
}

// apply sets up what the server ordered.
func (d *Daemon) apply(pull model.HostPull) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.set(pull)
}

// applyAnswer sets up an answer, unless the broker has sent a newer message since the request.
func (d *Daemon) applyAnswer(pull model.HostPull, before int) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.heard != before {
		return nil
	}
	return d.set(pull)
}

// set configures interface, firewall and names as the server ordered, and stores that for the next start.
func (d *Daemon) set(pull model.HostPull) error {
	told := map[wgtypes.Key]string{}
	if d.applied != nil {
		for _, peer := range d.applied.Peers {
			if peer.Endpoint != nil {
				told[peer.PublicKey] = peer.Endpoint.String()
			}
		}
	}
	config := interfaceOf(d.config, pull)
	// The firewall's rules are in place before the interface has its peers.
	if err := firewall.Apply(context.Background(), device.Name, pull.FwUpdate); err != nil {
		return err
	}
	if len(config.Addresses) == 0 {
		if err := device.Remove(); err != nil {
			return err
		}
	} else if err := device.Apply(config, told); err != nil {
		return err
	}
	if err := hostsfile.Write(hostsfile.Path, pull.DNS); err != nil {
		return err
	}
	d.applied = &pull
	return d.files.write(pullFile, pull)
}

// interfaceOf returns the desired state of the interface.
func interfaceOf(config Config, pull model.HostPull) device.Config {
	wanted := device.Config{
		PrivateKey: config.PrivateKey, ListenPort: pull.Host.ListenPort, MTU: pull.Host.MTU, Peers: pull.Peers,
	}
	for _, node := range pull.Nodes {
		if !node.Connected || node.PendingDelete {
			continue
		}
		for _, address := range []net.IPNet{node.Address, node.Address6} {
			if address.IP != nil {
				wanted.Addresses = append(wanted.Addresses, address)
			}
		}
	}
	for _, route := range pull.EgressRoutes {
		for _, text := range route.EgressRanges {
			if _, parsed, err := net.ParseCIDR(text); err == nil {
				wanted.Routes = append(wanted.Routes, *parsed)
			}
		}
	}
	return wanted
}

// report logs what fails, once, and that it works again.
func (d *Daemon) report(err error) {
	state := works
	if err != nil {
		state = err.Error()
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if state != d.state {
		log.Print(state)
	}
	d.state = state
}

// Notify makes a running daemon read its files; false when none runs.
func Notify(files Files) bool {
	text, err := os.ReadFile(filepath.Join(files.folder, pidFile))
	if err != nil {
		return false
	}
	pid, err := strconv.Atoi(string(text))
	return err == nil && syscall.Kill(pid, syscall.SIGHUP) == nil
}

// Pull asks the server once and passes the answer to a running daemon, or applies it itself.
func Pull(ctx context.Context, files Files) error {
	if Notify(files) {
		return nil
	}
	d := NewDaemon(files)
	config, server, pull, err := registered(files)
	if err != nil {
		return err
	}
	d.config, d.applied = config, &pull
	if pull, err = newAPI(server.API).pull(ctx, config); err != nil {
		return err
	}
	return d.apply(pull)
}
