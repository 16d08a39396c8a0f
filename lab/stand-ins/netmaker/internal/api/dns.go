package api

import (
	"errors"
	"net"
	"regexp"

	"fogline/lab/netmaker/internal/mesh"
	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/store"
)

// maxDNSName is in characters.
const maxDNSName = 192

var dnsName = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

func dnsID(network, name string) string { return network + "/" + name }

func listDNS(c *call) (any, error)     { return c.dns(mesh.NamesOfMembers, mesh.NamesOfRecords) }
func listNodeDNS(c *call) (any, error) { return c.dns(mesh.NamesOfMembers) }

func listCustomDNS(c *call) (any, error) {
	all, err := store.DNS.List(c.tx)
	if err == nil && len(all) == 0 {
		err = errors.New("could not find any records")
	}
	if err != nil {
		return nil, err
	}
	return c.dns(mesh.NamesOfRecords)
}

// dns lists names of the network in the path, or of all.
func (c *call) dns(kinds ...mesh.Names) ([]model.DNSEntry, error) {
	state, err := store.Load(c.tx)
	network := c.PathValue("network")
	found := []model.DNSEntry{}
	for _, names := range kinds {
		for _, entry := range names(state, c.settings.DefaultDomain) {
			if network == "" || entry.Network == network {
				found = append(found, entry)
			}
		}
	}
	return found, err
}

func createDNS(c *call) (any, error) {
	// A body that is no JSON is an empty record to the official server, which its rules refuse.
	entry, _ := read[model.DNSEntry](c)
	entry.Network = c.PathValue("network")
	known, err := store.Networks.Has(c.tx, entry.Network)
	if err != nil {
		return nil, err
	}
	invalid := func(field, tag string) error {
		return badRequest("Key: 'DNSEntry.%s' Error:Field validation for '%s' failed on the '%s' tag", field, field, tag)
	}
	switch {
	case !dnsName.MatchString(entry.Name):
		return nil, badRequest("invalid input. Only uppercase letters (A-Z), lowercase letters (a-z), numbers (0-9), minus sign (-) and dots (.) are allowed")
	case len(entry.Name) > maxDNSName:
		return nil, invalid("Name", "max")
	case !known:
		return nil, invalid("Network", "network_exists")
	case entry.Address == "" && entry.Address6 == "":
		return nil, invalid("Address", "required")
	case entry.Address != "" && net.ParseIP(entry.Address) == nil:
		return nil, invalid("Address", "ip")
	case entry.Address6 != "" && net.ParseIP(entry.Address6) == nil:
		return nil, invalid("Address6", "ip")
	}
	id := dnsID(entry.Network, entry.Name)
	taken, err := store.DNS.Has(c.tx, id)
	if err != nil {
		return nil, err
	}
	// The official server compares with names that end in its domain, so a domain hides the taken one.
	if taken && c.settings.DefaultDomain == "" {
		return nil, invalid("Name", "name_unique")
	}
	return entry, store.DNS.Put(c.tx, id, entry)
}

func deleteDNS(c *call) (any, error) {
	network, name := c.PathValue("network"), c.PathValue("domain")
	return name + "." + network + " deleted.", store.DNS.Delete(c.tx, dnsID(network, name))
}
