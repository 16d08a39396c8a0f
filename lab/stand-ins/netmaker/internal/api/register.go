package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/store"
)

// hostKeepalive is what a new host keeps its tunnels open with.
const hostKeepalive = 20 * time.Second

// firstMinor is the oldest 0.x netclient that may register.
const firstMinor = 17

func registerHost(c *call) (any, error) {
	key, err := c.keyOfToken(c.PathValue("token"))
	if err != nil {
		return nil, err
	}
	host, err := read[model.Host](c)
	if err != nil {
		return nil, err
	}
	if _, err := uuid.Parse(host.ID); err != nil {
		return nil, badRequest("failed to parse host id: %v", err)
	}
	known, err := store.Hosts.Has(c.tx, host.ID)
	switch {
	case err != nil:
		return nil, err
	case known && len(key.Networks) == 0:
		return nil, badRequest("host already exists")
	case !compatible(host.Version):
		return nil, badRequest("bad client version on register: %s", host.Version)
	case len(host.TrafficKeyPublic) == 0:
		return nil, badRequest("missing traffic key")
	case !usable(key):
		return nil, badRequest("invalid enrollment key")
	}
	if key.Type == model.KeyUses {
		key.UsesRemaining--
		if err := store.Keys.Put(c.tx, key.Value, key); err != nil {
			return nil, err
		}
	}
	if host, err = c.enrol(host, known); err != nil {
		return nil, err
	}
	registered := host
	for _, name := range key.Networks {
		c.joinLater(registered, name)
	}
	c.lookUps++
	host.HostPass = ""
	return model.Registration{ServerConf: c.Server.mesh().Config(), RequestedHost: host}, nil
}

func (c *call) keyOfToken(text string) (model.EnrollmentKey, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return model.EnrollmentKey{}, bad(err)
	}
	var token model.EnrollmentToken
	if err := json.Unmarshal(raw, &token); err != nil {
		return model.EnrollmentKey{}, bad(err)
	}
	return c.key(token.Value, http.StatusBadRequest)
}

func compatible(version string) bool {
	parts := strings.Split(strings.TrimPrefix(version, "v"), ".")
	if len(parts) < 2 {
		return false
	}
	major, err := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err == nil && err2 == nil && (major > 0 || minor >= firstMinor)
}

// enrol keeps a machine that registers; one that registers again keeps what users set.
func (c *call) enrol(host model.Host, known bool) (model.Host, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(host.HostPass), bcrypt.DefaultCost)
	if err != nil {
		return host, bad(err)
	}
	if known {
		old, err := store.Hosts.Get(c.tx, host.ID)
		if err != nil {
			return host, err
		}
		// Whoever knows the id alone must not take the host over.
		if bcrypt.CompareHashAndPassword([]byte(old.HostPass), []byte(host.HostPass)) != nil {
			return host, errUnauthorized
		}
		return old, nil
	}
	host.HostPass, host.Nodes = string(hash), []string{}
	host.PersistentKeepalive = hostKeepalive
	host.DNS = "no"
	if c.settings.ManageDNS {
		host.DNS = "yes"
	}
	others, err := store.Hosts.List(c.tx)
	if err != nil {
		return host, err
	}
	host.ListenPort = freePort(host, others)
	return host, errors.Join(store.Deleted.Delete(c.tx, host.ID), store.Hosts.Put(c.tx, host.ID, host))
}

// freePort keeps two hosts behind one public address apart.
func freePort(host model.Host, others []model.Host) int {
	taken := map[int]bool{}
	for _, other := range others {
		if other.EndpointIP.Equal(host.EndpointIP) && host.EndpointIP != nil {
			taken[other.ListenPort] = true
		}
	}
	port := host.ListenPort
	for taken[port] && port < 1<<16-1 {
		port++
	}
	return port
}

// joinLater makes a host a member of a network of its key, after the answer: first its node is there, then
// the host's record names it. The record is written as it was at the registration, and what was changed in
// between is lost, as on the official server. Keys may name networks that are gone.
func (c *call) joinLater(registered model.Host, name string) {
	var node *model.Node
	c.after(func(c *call) error {
		known, err := store.Networks.Has(c.tx, name)
		if err != nil || !known {
			return err
		}
		current, err := record(store.Hosts.Get(c.tx, registered.ID))
		if err != nil {
			return err
		}
		if _, found, err := c.nodeOf(current, name); found || err != nil {
			return err
		}
		made, err := c.addNode(registered.ID, name)
		node = &made
		return err
	})
	c.after(func(c *call) error {
		if node == nil {
			return nil
		}
		return c.nameNode(registered, *node)
	})
}

// HostUpdate handles a message that a host sent through the broker.
func (s *Server) HostUpdate(ctx context.Context, id string, open func(model.Host) (model.HostUpdate, error)) error {
	changed, err := s.store.Do(ctx, func(tx *store.Tx) error {
		host, err := store.Hosts.Get(tx, id)
		if err != nil {
			return err
		}
		update, err := open(host)
		if err != nil {
			return err
		}
		return s.applyHostUpdate(tx, id, update)
	})
	if changed {
		s.changed()
	}
	return err
}

func (s *Server) applyHostUpdate(tx *store.Tx, id string, update model.HostUpdate) error {
	host, err := store.Hosts.Get(tx, id)
	if err != nil {
		return as(http.StatusBadRequest, err)
	}
	switch update.Action {
	case model.ActionCheckIn, model.ActionUpdate:
		if !host.IsStatic && update.Host.EndpointIP != nil {
			host.EndpointIP = update.Host.EndpointIP
		}
		host.Version = update.Host.Version
		errs := []error{store.Hosts.Put(tx, id, host)}
		for _, nodeID := range host.Nodes {
			node, err := store.Nodes.Get(tx, nodeID)
			if err == nil {
				node.LastCheckIn = time.Now().Unix()
				err = store.Nodes.Put(tx, nodeID, node)
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	default:
		return badRequest("%s: not supported by the lab's stand-in for Netmaker", update.Action)
	}
}

// HostStates returns the desired state of each host, and the deleted hosts that were not notified yet.
func (s *Server) HostStates(ctx context.Context) (pulls []model.HostPull, gone []store.DeletedHost, err error) {
	_, err = s.store.Do(ctx, func(tx *store.Tx) error {
		state, err := store.Load(tx)
		if err != nil {
			return err
		}
		for _, host := range state.Hosts {
			if pull, found := s.mesh().Pull(state, host.ID); found {
				pulls = append(pulls, pull)
			}
		}
		gone, err = store.Deleted.List(tx)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading what hosts are to do: %w", err)
	}
	return pulls, gone, nil
}

// Told removes the record of a deleted host once the broker has its message.
func (s *Server) Told(ctx context.Context, id string) error {
	_, err := s.store.Do(ctx, func(tx *store.Tx) error { return store.Deleted.Delete(tx, id) })
	return err
}
