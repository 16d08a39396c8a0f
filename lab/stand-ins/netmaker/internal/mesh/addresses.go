// Package mesh computes from the server's records what each host is to do: its addresses, peers,
// routes, firewall and names. Pure: it reads no clock, file or network.
package mesh

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/store"
)

// Overlap reports whether two ranges share an address; a malformed range shares none.
func Overlap(a, b string) bool {
	first, err := netip.ParsePrefix(a)
	second, err2 := netip.ParsePrefix(b)
	return err == nil && err2 == nil && first.Overlaps(second)
}

// Order is the end of the range that addresses are taken from.
type Order bool

// Hosts have addresses from the start of a range, external clients from its end.
const (
	FromStart Order = true
	FromEnd   Order = false
)

// NextAddresses gives the first free address of each family. A host's carries the network's prefix
// length, a client's none, as the API has them.
func NextAddresses(state store.State, network model.Network, order Order) (v4, v6 string, err error) {
	taken := map[netip.Addr]bool{}
	var members []netip.Prefix
	for _, node := range state.Nodes {
		if node.Network == network.Name {
			members = append(members, Single(node.Address, node.Address6)...)
		}
	}
	for _, client := range state.Clients {
		if client.Network == network.Name {
			members = append(members, Single(client.Address, client.Address6)...)
		}
	}
	for _, each := range members {
		taken[each.Addr()] = true
	}
	if v4, err = next(network.AddressRange, taken, order); err != nil {
		return "", "", err
	}
	v6, err = next(network.AddressRange6, taken, order)
	return v4, v6, err
}

func next(text string, taken map[netip.Addr]bool, order Order) (string, error) {
	if text == "" {
		return "", nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return "", err
	}
	// Neither end of the range is assigned.
	address, end := prefix.Masked().Addr().Next(), last(prefix)
	step := netip.Addr.Next
	if order == FromEnd {
		address, end = last(prefix).Prev(), prefix.Masked().Addr()
		step = netip.Addr.Prev
	}
	for ; address != end; address = step(address) {
		if !taken[address] {
			if order == FromEnd {
				return address.String(), nil
			}
			return netip.PrefixFrom(address, prefix.Bits()).String(), nil
		}
	}
	return "", fmt.Errorf("no address left in %s", text)
}

// last is the last address of a range.
func last(prefix netip.Prefix) netip.Addr {
	bytes := prefix.Masked().Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	address, _ := netip.AddrFromSlice(bytes)
	return address
}

// minimal sorts ranges and drops those that another one contains.
func minimal(ranges []netip.Prefix) []netip.Prefix {
	sorted := slices.Clone(ranges)
	slices.SortFunc(sorted, comparePrefix)
	var kept []netip.Prefix
	for _, each := range sorted {
		if !slices.ContainsFunc(kept, func(k netip.Prefix) bool { return contains(k, each) }) {
			kept = append(kept, each)
		}
	}
	return kept
}

func contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// comparePrefix puts larger ranges first.
func comparePrefix(a, b netip.Prefix) int {
	return cmp.Or(cmp.Compare(a.Bits(), b.Bits()), a.Addr().Compare(b.Addr()))
}
