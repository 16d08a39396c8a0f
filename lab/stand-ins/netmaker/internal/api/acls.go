package api

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"fogline/lab/netmaker/internal/mesh"
	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/store"
)

const (
	devicePolicy   = "device-policy"
	bothDirections = 1
)

func listACLs(c *call) (any, error) {
	network := c.FormValue("network")
	if network == "" {
		return nil, badRequest("network id param is missing")
	}
	if _, err := record(store.Networks.Get(c.tx, network)); err != nil {
		return nil, bad(err)
	}
	found, err := store.ACLs.Where(c.tx, aclOf(network))
	slices.SortFunc(found, func(a, b model.ACL) int { return strings.Compare(a.Name, b.Name) })
	return wrapped{"fetched all acls in the network " + network, found}, err
}

func aclOf(network string) func(model.ACL) bool {
	return func(acl model.ACL) bool { return acl.NetworkID == network }
}

func (c *call) createDefaultACLs(network string) error {
	everyone := model.ACLEnd{ID: model.EndTag, Value: model.Everyone}
	gateways := model.ACLEnd{ID: model.EndTag, Value: mesh.GatewaysTag(network)}
	var errs []error
	for _, acl := range []model.ACL{
		{
			ID: mesh.AllNodes(network), Name: "All Nodes", Src: []model.ACLEnd{everyone},
			MetaData: "Every node of the network reaches every other one",
		},
		{ID: mesh.AllGateways(network), Name: "All Gateways", Src: []model.ACLEnd{gateways}},
	} {
		acl.Default, acl.Enabled, acl.NetworkID, acl.PolicyType = true, true, network, devicePolicy
		acl.Dst, acl.Protocol, acl.Service, acl.Ports = []model.ACLEnd{everyone}, "all", "Any", []string{}
		acl.AllowedDirection, acl.CreatedBy, acl.CreatedAt = bothDirections, "auto", time.Now().UTC()
		errs = append(errs, store.ACLs.Put(c.tx, acl.ID, acl))
	}
	return errors.Join(errs...)
}

func createACL(c *call, acl model.ACL) (any, error) {
	// The official server looks the caller up among its users, so the master key makes no rules.
	if _, err := record(store.Users.Get(c.tx, c.user)); err != nil {
		return nil, bad(err)
	}
	if err := c.checkACL(&acl); err != nil {
		return nil, err
	}
	acl.ID, acl.Default = uuid.NewString(), false
	acl.CreatedBy, acl.CreatedAt = c.user, time.Now().UTC()
	return wrapped{"created acl successfully", acl}, store.ACLs.Put(c.tx, acl.ID, acl)
}

// checkACL validates a rule and normalizes it.
func (c *call) checkACL(acl *model.ACL) error {
	known, err := store.Networks.Has(c.tx, acl.NetworkID)
	switch {
	case err != nil:
		return err
	case !known:
		return badRequest("failed to get network details for %s", acl.NetworkID)
	case acl.AllowedDirection != bothDirections:
		return badRequest("uni traffic flow not allowed on CE")
	case acl.PolicyType != devicePolicy:
		return badRequest("unknown acl policy type %s", acl.PolicyType)
	case len(acl.Src) == 0 || len(acl.Dst) == 0:
		return badRequest("invalid policy")
	}
	for _, end := range slices.Concat(acl.Src, acl.Dst) {
		if err := c.checkEnd(end, acl.NetworkID); err != nil {
			return err
		}
	}
	acl.Ports = orEmpty(acl.Ports)
	if acl.Service == "Any" {
		acl.Protocol, acl.Ports = "all", []string{}
	}
	if !slices.Contains([]string{"all", "tcp", "udp", "icmp"}, acl.Protocol) {
		return badRequest("invalid policy: protocol %q", acl.Protocol)
	}
	for _, text := range acl.Ports {
		if !isPorts(text) {
			return badRequest("invalid policy: port %q", text)
		}
	}
	return nil
}

func isPorts(text string) bool {
	low, high, span := strings.Cut(text, "-")
	first, err := strconv.ParseUint(low, 10, 16)
	if !span {
		return err == nil
	}
	last, err2 := strconv.ParseUint(high, 10, 16)
	return err == nil && err2 == nil && first <= last
}

func (c *call) checkEnd(end model.ACLEnd, network string) error {
	switch end.ID {
	case model.EndTag:
		if end.Value != model.Everyone && end.Value != mesh.GatewaysTag(network) {
			return badRequest("invalid policy: tag %s", end.Value)
		}
		return nil
	case model.EndDevice:
		node, err := store.Nodes.Get(c.tx, end.Value)
		if err == nil && node.Network == network {
			return nil
		}
		client, err := store.Clients.Get(c.tx, end.Value)
		if err == nil && client.Network == network {
			return nil
		}
		return badRequest("invalid node %s", end.Value)
	case model.EndEgress:
		egress, err := store.Egresses.Get(c.tx, end.Value)
		if err != nil || egress.Network != network {
			return badRequest("invalid egress")
		}
		return nil
	}
	return badRequest("invalid policy")
}

func updateACL(c *call, wanted model.ACL) (any, error) {
	acl, err := store.ACLs.Get(c.tx, wanted.ID)
	switch {
	case err != nil:
		return nil, bad(err)
	case acl.NetworkID != wanted.NetworkID:
		return nil, badRequest("invalid policy, network id mismatch")
	case !acl.Default:
		if err := c.checkACL(&wanted); err != nil {
			return nil, err
		}
		// The description stays as it was created.
		acl.Name, acl.Src, acl.Dst = wanted.Name, wanted.Src, wanted.Dst
		acl.Protocol, acl.Service, acl.Ports = wanted.Protocol, wanted.Service, wanted.Ports
	}
	acl.Enabled = wanted.Enabled
	return wrapped{"updated acl " + acl.Name, acl}, store.ACLs.Put(c.tx, acl.ID, acl)
}

func deleteACL(c *call) (any, error) {
	id := c.FormValue("acl_id")
	if id == "" {
		return nil, badRequest("acl id is required")
	}
	acl, err := store.ACLs.Get(c.tx, id)
	switch {
	case err != nil:
		return nil, bad(err)
	case acl.Default:
		return nil, badRequest("cannot delete default policy")
	}
	return wrapped{"deleted acl " + acl.Name, nil}, store.ACLs.Delete(c.tx, id)
}

// dropFromACLs removes a deleted object from all rules; a rule with an empty end is deleted too.
func (c *call) dropFromACLs(kind, value string) error {
	gone := func(end model.ACLEnd) bool { return end.ID == kind && end.Value == value }
	named := func(acl model.ACL) bool { return slices.ContainsFunc(slices.Concat(acl.Src, acl.Dst), gone) }
	return store.ACLs.Each(c.tx, named, func(acl model.ACL) error {
		acl.Src, acl.Dst = slices.DeleteFunc(acl.Src, gone), slices.DeleteFunc(acl.Dst, gone)
		if len(acl.Src) == 0 || len(acl.Dst) == 0 {
			return store.ACLs.Delete(c.tx, acl.ID)
		}
		return store.ACLs.Put(c.tx, acl.ID, acl)
	})
}
