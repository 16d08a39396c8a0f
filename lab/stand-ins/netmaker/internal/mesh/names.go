package mesh

import (
	"cmp"
	"slices"

	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/store"
)

// AllNodes is the id of the rule that lets all members of a network reach each other.
func AllNodes(network string) string { return network + ".all-nodes" }

// AllGateways is the id of the rule that lets gateways reach everybody.
func AllGateways(network string) string { return network + ".all-gateways" }

// GatewaysTag stands for all gateways of a network in rules.
func GatewaysTag(network string) string { return network + ".gateways" }

// Names are names of one kind, with the server's domain at their end.
type Names func(state store.State, domain string) []model.DNSEntry

// NamesOfMembers has hosts by their name and clients by their id, in their network.
func NamesOfMembers(state store.State, domain string) []model.DNSEntry {
	hosts := byID(state.Hosts, func(h model.Host) string { return h.ID })
	var entries []model.DNSEntry
	for _, node := range state.Nodes {
		entries = append(entries, member(hosts[node.HostID].Name, node.Network, node.Address, node.Address6, domain))
	}
	for _, client := range state.Clients {
		entries = append(entries, member(client.ClientID, client.Network, client.Address, client.Address6, domain))
	}
	slices.SortFunc(entries, func(a, b model.DNSEntry) int { return cmp.Compare(a.Name, b.Name) })
	return entries
}

func member(name, network, address, address6, domain string) model.DNSEntry {
	return model.DNSEntry{
		Name: withDomain(name+"."+network, domain), Network: network,
		Address: bare(address), Address6: bare(address6),
	}
}

// NamesOfRecords has the records that users made.
func NamesOfRecords(state store.State, domain string) []model.DNSEntry {
	entries := slices.Clone(state.DNS)
	for i := range entries {
		entries[i].Name = withDomain(entries[i].Name, domain)
	}
	return entries
}

// namesFor has what a member of the given networks looks up, with and without the domain.
func namesFor(state store.State, networks map[string]bool, domain string) []model.DNSEntry {
	entries := []model.DNSEntry{}
	endings := []string{""}
	if domain != "" {
		endings = append(endings, domain)
	}
	for _, names := range []Names{NamesOfMembers, NamesOfRecords} {
		for _, ending := range endings {
			for _, entry := range names(state, ending) {
				if networks[entry.Network] {
					entries = append(entries, entry)
				}
			}
		}
	}
	return entries
}

func withDomain(name, domain string) string {
	if domain == "" {
		return name
	}
	return name + "." + domain
}

// bare is an address without the prefix length; empty where there is none.
func bare(text string) string {
	if found := Single(text); len(found) == 1 {
		return found[0].Addr().String()
	}
	return ""
}

func byID[T any](list []T, id func(T) string) map[string]T {
	found := map[string]T{}
	for _, each := range list {
		found[id(each)] = each
	}
	return found
}
