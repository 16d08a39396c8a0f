package api

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"fogline/lab/netmaker/internal/mesh"
	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/store"
)

func listNetworks(c *call) (any, error) { return store.Networks.List(c.tx) }

func getNetwork(c *call) (any, error) {
	network, err := record(store.Networks.Get(c.tx, c.PathValue("network")))
	return network, as(http.StatusNotFound, err)
}

var networkName = regexp.MustCompile(`^[a-z0-9_-]+$`)

const (
	maxNetworkName   = 32
	maxKeepalive     = 1000
	defaultKeepalive = 20
	defaultMTU       = 1280
)

func createNetwork(c *call, network model.Network) (any, error) {
	others, err := store.Networks.List(c.tx)
	if err != nil {
		return nil, err
	}
	if err := checkNetwork(&network, others); err != nil {
		return nil, bad(err)
	}
	now := time.Now().UTC()
	network.ID, network.AutoJoin, network.CreatedBy = uuid.NewString(), true, c.user
	network.CreatedAt, network.UpdatedAt, network.NodesUpdatedAt = now, now, now
	network.AutoRemoveTags = orEmpty(network.AutoRemoveTags)
	return network, cmp.Or(store.Networks.Put(c.tx, network.Name, network),
		c.createDefaultKey(network.Name), c.createDefaultACLs(network.Name))
}

// checkNetwork validates a network and normalizes it.
func checkNetwork(network *model.Network, others []model.Network) error {
	if network.AddressRange == "" && network.AddressRange6 == "" {
		return errors.New("IPv4 or IPv6 CIDR required")
	}
	for _, family := range []struct {
		text *string
		word string
	}{{&network.AddressRange, "/31 or /32"}, {&network.AddressRange6, "/127 or /128"}} {
		if *family.text == "" {
			continue
		}
		_, parsed, err := net.ParseCIDR(*family.text)
		if err != nil {
			return err
		}
		if ones, bits := parsed.Mask.Size(); bits-ones < 2 {
			return errors.New("cannot create network with " + family.word + " cidr")
		}
		*family.text = parsed.String()
	}
	for _, other := range others {
		if mesh.Overlap(network.AddressRange, other.AddressRange) ||
			mesh.Overlap(network.AddressRange6, other.AddressRange6) {
			return errors.New("network cidr already in use")
		}
	}
	network.DefaultKeepAlive = cmp.Or(network.DefaultKeepAlive, defaultKeepalive)
	network.DefaultMTU = cmp.Or(network.DefaultMTU, defaultMTU)
	var problems []string
	switch name := network.Name; {
	case name == "":
		problems = append(problems, "network name cannot be empty")
	case len(name) > maxNetworkName:
		problems = append(problems, "network name shouldn't exceed 32 characters")
	case !networkName.MatchString(name):
		problems = append(problems, "invalid character(s) in network name")
	case slices.ContainsFunc(others, func(o model.Network) bool { return o.Name == name }):
		problems = append(problems, "invalid network name")
	}
	if network.DefaultKeepAlive > maxKeepalive {
		problems = append(problems, "default keep alive must be less than 1000")
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "\n"))
	}
	return nil
}

// updateNetwork changes what the official server lets change: the removal of silent members.
func updateNetwork(c *call, wanted model.Network) (any, error) {
	network, err := record(store.Networks.Get(c.tx, wanted.Name))
	if err != nil {
		return nil, bad(err)
	}
	network.AutoRemove, network.AutoRemoveThreshold = wanted.AutoRemove, wanted.AutoRemoveThreshold
	network.AutoRemoveTags = orEmpty(wanted.AutoRemoveTags)
	network.UpdatedAt = time.Now().UTC()
	return network, store.Networks.Put(c.tx, network.Name, network)
}

// deleteNetwork takes a network away: at once where it has no members, else after the answer. Its egresses
// and DNS records stay, and are those of the next network of this name.
func deleteNetwork(c *call) (any, error) {
	name := c.PathValue("network")
	c.after(func(c *call) error {
		drop := func(acl model.ACL) error { return store.ACLs.Delete(c.tx, acl.ID) }
		return errors.Join(store.ACLs.Each(c.tx, aclOf(name), drop), c.removeNetworkFromKeys(name))
	})
	member := func(node model.Node) bool { return node.Network == name }
	members, err := store.Nodes.Where(c.tx, member)
	if err == nil && len(members) == 0 {
		err = store.Networks.Delete(c.tx, name)
	} else {
		c.after(func(c *call) error {
			return errors.Join(store.Nodes.Each(c.tx, member, c.removeNode), store.Networks.Delete(c.tx, name))
		})
	}
	return wrapped{"success", nil}, err
}
