package api

import (
	"errors"
	"net"
	"regexp"
	"time"

	"github.com/google/uuid"

	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/store"
)

const directNAT = "direct_nat"

// egressBody is models.EgressReq.
type egressBody struct {
	model.Egress
	Internet bool `json:"is_internet_gateway"`
}

var domainName = regexp.MustCompile(`^(\*\.)?([A-Za-z0-9-]+\.)+[A-Za-z]{2,}$`)

func listEgresses(c *call) (any, error) {
	network := c.FormValue("network")
	if network == "" {
		return nil, badRequest("network is required")
	}
	all, err := c.egressesOf(network)
	return wrapped{"fetched egress resource of network " + network, all}, err
}

func (c *call) egressesOf(network string) ([]model.Egress, error) {
	return store.Egresses.Where(c.tx, func(egress model.Egress) bool { return egress.Network == network })
}

func networkEgressRoutes(c *call) (any, error) {
	all, err := c.egressesOf(c.PathValue("network"))
	return wrapped{"fetched egress routes", all}, err
}

func createEgress(c *call, body egressBody) (any, error) {
	if err := c.checkEgress(&body); err != nil {
		return nil, err
	}
	egress, now := body.Egress, time.Now().UTC()
	egress.ID, egress.Status, egress.CreatedBy = uuid.NewString(), true, c.user
	egress.CreatedAt, egress.UpdatedAt = now, now
	return wrapped{"created egress resource", egress}, store.Egresses.Put(c.tx, egress.ID, egress)
}

// checkEgress validates an egress and normalizes it.
func (c *call) checkEgress(body *egressBody) error {
	switch {
	case body.Internet || body.Range == "*":
		return errInternetGateway
	case body.Domain != "" && !domainName.MatchString(body.Domain):
		return badRequest("bad domain name")
	case body.Domain != "":
		return badRequest("domain: not supported by the lab's stand-in for Netmaker")
	case body.VirtualRange != "" || body.Mode == "virtual_nat":
		return badRequest("virtual_nat: not supported by the lab's stand-in for Netmaker")
	}
	_, parsed, err := net.ParseCIDR(body.Range)
	if err != nil {
		return bad(err)
	}
	body.Range = parsed.String()
	if _, err := record(store.Networks.Get(c.tx, body.Network)); err != nil {
		return bad(err)
	}
	if len(body.Nodes) > 1 {
		return badRequest("can only set one routing node on CE")
	}
	for id := range body.Nodes {
		node, err := store.Nodes.Get(c.tx, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && node.Network != body.Network {
			return badRequest("invalid routing node %s", id)
		} else if err != nil {
			return err
		}
	}
	if body.Nodes == nil {
		body.Nodes = map[string]int{}
	}
	if body.Tags == nil {
		body.Tags = map[string]any{}
	}
	body.DomainAns = orEmpty(body.DomainAns)
	body.Mode = ""
	if body.Nat {
		body.Mode = directNAT
	}
	return nil
}

func updateEgress(c *call, body egressBody) (any, error) {
	old, err := record(store.Egresses.Get(c.tx, body.ID))
	if err != nil {
		return nil, bad(err)
	}
	body.Network = old.Network
	if err := c.checkEgress(&body); err != nil {
		return nil, err
	}
	egress := body.Egress
	egress.CreatedBy, egress.CreatedAt, egress.UpdatedAt = old.CreatedBy, old.CreatedAt, time.Now().UTC()
	return wrapped{"updated egress resource", egress}, store.Egresses.Put(c.tx, egress.ID, egress)
}

func deleteEgress(c *call) (any, error) {
	id := c.FormValue("id")
	if id == "" {
		return nil, badRequest("id is required")
	}
	if _, err := record(store.Egresses.Get(c.tx, id)); err != nil {
		return nil, bad(err)
	}
	return wrapped{"deleted egress resource", nil}, errors.Join(
		store.Egresses.Delete(c.tx, id), c.dropFromACLs(model.EndEgress, id))
}
