package mesh

import (
	"maps"
	"net"
	"net/netip"
	"slices"

	"fogline/lab/netmaker/internal/model"
)

// firewall computes a host's rules for what comes out of its tunnels. Every host filters what it
// receives, and a gateway also what it forwards, which covers devices without netclient.
func (v view) firewall(host model.Host) model.FwUpdate {
	update := model.FwUpdate{AllowAll: true, AclRules: map[string]model.FwRule{}, EgressInfo: []model.EgressNat{}}
	for _, id := range host.Nodes {
		node, found := v.nodes[id]
		if !found || !active(node) {
			continue
		}
		if !v.allowsAll(node.Network) {
			update.AllowAll = false
		}
		for _, rule := range v.rules(node.Network) {
			update.AclRules[rule.ID] = rule
		}
		for _, egress := range v.Egresses {
			ranges := prefixes(egress.Range)
			if _, through := egress.Nodes[id]; through && egress.Status && egress.Nat && len(ranges) == 1 {
				update.EgressInfo = append(update.EgressInfo, model.EgressNat{
					Network: ipNet(node.NetworkRange), Network6: ipNet(node.NetworkRange6), Range: toIPNet(ranges[0]),
				})
			}
		}
	}
	return update
}

func (v view) allowsAll(network string) bool {
	return slices.ContainsFunc(v.ACLs, func(a model.ACL) bool { return a.ID == AllNodes(network) && a.Enabled })
}

// rules resolves a network's enabled rules to addresses. Traffic may begin at either end, as the
// community edition has no rules of one direction.
func (v view) rules(network string) []model.FwRule {
	var all []model.FwRule
	for _, acl := range v.ACLs {
		if acl.NetworkID != network || !acl.Enabled {
			continue
		}
		from, to := v.ends(acl.Src, network), v.ends(acl.Dst, network)
		for _, way := range []struct {
			suffix   string
			from, to []netip.Prefix
		}{{"", from, to}, {".back", to, from}} {
			if len(way.from) == 0 || len(way.to) == 0 {
				continue
			}
			rule := model.FwRule{ID: acl.ID + way.suffix, Protocol: acl.Protocol, Ports: acl.Ports, Allowed: true}
			rule.IPList, rule.IP6List = split(way.from)
			rule.Dst, rule.Dst6 = split(way.to)
			all = append(all, rule)
		}
	}
	return all
}

// ends are the addresses that ends of rules stand for.
func (v view) ends(ends []model.ACLEnd, network string) []netip.Prefix {
	var found []netip.Prefix
	for _, end := range ends {
		switch end.ID {
		case model.EndTag:
			found = append(found, v.tagged(end.Value, network)...)
		case model.EndDevice:
			found = append(found, v.device(end.Value)...)
		case model.EndEgress:
			for _, egress := range v.Egresses {
				if egress.ID == end.Value && egress.Status {
					found = append(found, prefixes(egress.Range)...)
				}
			}
		}
	}
	return minimal(found)
}

func (v view) tagged(tag, network string) []netip.Prefix {
	var found []netip.Prefix
	if tag == model.Everyone {
		found = slices.AppendSeq(v.networkRanges(network), maps.Keys(v.egressVia(network)))
		for _, client := range v.Clients {
			if client.Network == network {
				found = append(found, prefixes(client.ExtraAllowedIPs...)...)
			}
		}
		return found
	}
	for _, node := range v.Nodes {
		if node.Network == network && node.IsGw && tag == GatewaysTag(network) {
			found = append(found, Single(node.Address, node.Address6)...)
		}
	}
	return found
}

func (v view) device(id string) []netip.Prefix {
	if node, found := v.nodes[id]; found {
		return Single(node.Address, node.Address6)
	}
	for _, client := range v.Clients {
		if client.ClientID == id {
			return clientRanges(client)
		}
	}
	return nil
}

// split parts ranges by family.
func split(ranges []netip.Prefix) (v4, v6 []net.IPNet) {
	v4, v6 = []net.IPNet{}, []net.IPNet{}
	for _, each := range ranges {
		if each.Addr().Is4() {
			v4 = append(v4, toIPNet(each))
		} else {
			v6 = append(v6, toIPNet(each))
		}
	}
	return v4, v6
}

func toIPNet(prefix netip.Prefix) net.IPNet {
	return net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())}
}

// ipNet keeps the address that stands before the prefix length.
func ipNet(text string) net.IPNet {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return net.IPNet{}
	}
	return toIPNet(prefix)
}
