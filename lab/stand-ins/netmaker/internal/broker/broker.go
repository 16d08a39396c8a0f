// Package broker notifies hosts of changes through MQTT and receives their messages. No call waits for it: hosts
// that get no message poll the server.
package broker

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"fogline/lab/netmaker/internal/api"
	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/seal"
	"fogline/lab/netmaker/internal/settings"
)

// timeout bounds each exchange with the broker.
const timeout = 10 * time.Second

// patience is how long a starting server tries to reach its broker.
const patience = 30 * time.Second

// PeersTopic carries a host's desired state, retained.
func PeersTopic(hostID, server string) string { return "peers/host/" + hostID + "/" + server }

// HostTopic carries orders to a host, retained.
func HostTopic(hostID, server string) string { return "host/update/" + hostID + "/" + server }

// ServerTopic carries what a host tells the server.
func ServerTopic(hostID, server string) string { return "host/serverupdate/" + server + "/" + hostID }

// Broker publishes.
type Broker struct {
	settings settings.Settings
	client   mqtt.Client
	// pending holds one request to publish; requests that come meanwhile are merged into it.
	pending chan struct{}
	mutex   sync.Mutex
	// sent has the checksum of the last message to each host.
	sent map[string][sha256.Size]byte
	// patience is how long Run tries to connect at first.
	patience time.Duration
}

// New makes a broker that is not connected yet.
func New(s settings.Settings) *Broker {
	return &Broker{settings: s, pending: make(chan struct{}, 1), sent: map[string][sha256.Size]byte{}, patience: patience}
}

// Up reports whether the broker is connected.
func (b *Broker) Up() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.client != nil && b.client.IsConnectionOpen()
}

// Changed requests that changes be published; it never blocks.
func (b *Broker) Changed() {
	select {
	case b.pending <- struct{}{}:
	default:
	}
}

// ErrNoBroker says that there was no broker when the server started.
var ErrNoBroker = errors.New("could not connect to broker, token timeout, exiting")

// Run connects and publishes until the context ends. A server that does not find its broker at the start ends,
// as the official one does; one that loses it later goes on and connects again.
func (b *Broker) Run(ctx context.Context, server *api.Server) error {
	options := Options(b.settings.ServerBroker, "netmaker-"+b.settings.Server, b.settings.MQUserName, b.settings.MQPassword,
		func(client mqtt.Client) { b.connected(client, server) })
	client := mqtt.NewClient(options.SetOrderMatters(false))
	b.mutex.Lock()
	b.client = client
	b.mutex.Unlock()
	token := client.Connect()
	defer client.Disconnect(250)
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(b.patience):
		return ErrNoBroker
	case <-token.Done():
		if token.Error() != nil {
			return fmt.Errorf("%w: %w", ErrNoBroker, token.Error())
		}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.pending:
			if client.IsConnectionOpen() {
				b.publish(ctx, server)
			}
		}
	}
}

// Options are those of a client that connects again whenever it has to, and is told each time.
func Options(url, id, user, password string, connected func(mqtt.Client)) *mqtt.ClientOptions {
	return mqtt.NewClientOptions().AddBroker(url).SetClientID(id).SetUsername(user).SetPassword(password).
		SetConnectRetry(true).SetConnectRetryInterval(2 * time.Second).
		SetAutoReconnect(true).SetMaxReconnectInterval(10 * time.Second).
		SetConnectTimeout(timeout).SetWriteTimeout(timeout).
		SetOnConnectHandler(func(client mqtt.Client) {
			log.Printf("broker %s: connected", url)
			connected(client)
		}).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) {
			log.Printf("broker %s: connection lost: %v", url, err)
		})
}

func (b *Broker) connected(client mqtt.Client, server *api.Server) {
	client.Subscribe("host/serverupdate/"+b.settings.Server+"/#", 1, func(_ mqtt.Client, m mqtt.Message) {
		b.heard(server, m)
	})
	// The broker may have lost what it retained.
	b.mutex.Lock()
	b.sent = map[string][sha256.Size]byte{}
	b.mutex.Unlock()
	b.Changed()
}

// publish tells every host for which something changed.
func (b *Broker) publish(ctx context.Context, server *api.Server) {
	pulls, gone, err := server.HostStates(ctx)
	if err != nil {
		log.Print(err)
		return
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, pull := range pulls {
		id := pull.Host.ID
		text, err := json.Marshal(pull)
		if err != nil {
			log.Printf("host %s: %v", id, err)
			continue
		}
		last, told := b.sent[id]
		if !told {
			// An order to an earlier host of this id must not reach this one.
			b.clear(HostTopic(id, b.settings.Server))
		}
		sum := sha256.Sum256(text)
		if last != sum && b.send(PeersTopic(id, b.settings.Server), pull, pull.Host.TrafficKeyPublic) {
			b.sent[id] = sum
		}
	}
	for _, host := range gone {
		order := model.HostUpdate{Action: model.ActionDelete, Host: model.Host{Machine: model.Machine{ID: host.ID}}}
		if !b.send(HostTopic(host.ID, b.settings.Server), order, host.Key) {
			continue
		}
		b.clear(PeersTopic(host.ID, b.settings.Server))
		delete(b.sent, host.ID)
		if err := server.Told(ctx, host.ID); err != nil {
			log.Print(err)
		}
	}
}

// clear deletes a retained message.
func (b *Broker) clear(topic string) { b.client.Publish(topic, 1, true, []byte{}).WaitTimeout(timeout) }

func (b *Broker) send(topic string, value any, key []byte) bool {
	message, err := seal.ForHost(value, key)
	if err != nil {
		log.Printf("%s: %v", topic, err)
		return false
	}
	token := b.client.Publish(topic, 1, true, message)
	if !token.WaitTimeout(timeout) || token.Error() != nil {
		log.Printf("%s: not published: %v", topic, token.Error())
		return false
	}
	return true
}

func (b *Broker) heard(server *api.Server, m mqtt.Message) {
	id := m.Topic()[strings.LastIndex(m.Topic(), "/")+1:]
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	err := server.HostUpdate(ctx, id, func(host model.Host) (update model.HostUpdate, err error) {
		err = seal.OpenAtServer(m.Payload(), host.TrafficKeyPublic, server.TrafficKey(), &update)
		return update, err
	})
	if err != nil {
		log.Printf("%s: %v", m.Topic(), err)
	}
}
