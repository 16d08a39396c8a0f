// Package firewall filters what comes out of the tunnels by the server's rules, in one nftables table
// that is replaced as a whole, so that no packet is filtered by half of the rules.
package firewall

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"time"

	"fogline/lab/netmaker/internal/model"
)

const (
	table = "netmaker"
	// timeout bounds a run of nft.
	timeout = 10 * time.Second
)

// Apply replaces the rules for an interface.
func Apply(ctx context.Context, iface string, update model.FwUpdate) error {
	return nft(ctx, Script(iface, update))
}

// Remove takes the rules away.
func Remove(ctx context.Context) error { return nft(ctx, clear()) }

func nft(ctx context.Context, script string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	command := exec.CommandContext(ctx, "nft", "-f", "-")
	command.Stdin = strings.NewReader(script)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, bytes.TrimSpace(said))
	}
	return nil
}

// clear creates the table, as a missing one cannot be deleted, and deletes it.
func clear() string { return "table inet " + table + " {}\ndelete table inet " + table + "\n" }

// Script writes the rules for nft.
func Script(iface string, update model.FwUpdate) string {
	var b strings.Builder
	b.WriteString(clear())
	fmt.Fprintf(&b, "table inet %s {\n", table)
	for _, hook := range []string{"input", "forward"} {
		fmt.Fprintf(&b, "  chain %s {\n    type filter hook %s priority -10; policy accept;\n", hook, hook)
		fmt.Fprintf(&b, "    iifname %q jump acl\n  }\n", iface)
	}
	b.WriteString("  chain acl {\n")
	if !update.AllowAll {
		b.WriteString("    ct state established,related accept\n")
		for _, line := range ruleLines(update.AclRules) {
			b.WriteString("    " + line + "\n")
		}
		b.WriteString("    drop\n")
	}
	b.WriteString("  }\n  chain postrouting {\n    type nat hook postrouting priority 100; policy accept;\n")
	for _, nat := range update.EgressInfo {
		family, from := "ip", nat.Network
		if nat.Range.IP.To4() == nil {
			family, from = "ip6", nat.Network6
		}
		if from.IP != nil {
			fmt.Fprintf(&b, "    oifname != %q %s saddr %s %s daddr %s masquerade\n", iface, family, masked(from), family, masked(nat.Range))
		}
	}
	b.WriteString("  }\n}\n")
	return b.String()
}

func ruleLines(rules map[string]model.FwRule) []string {
	var lines []string
	for _, rule := range rules {
		for _, family := range []struct {
			word     string
			from, to []net.IPNet
		}{{"ip", rule.IPList, rule.Dst}, {"ip6", rule.IP6List, rule.Dst6}} {
			if len(family.from) == 0 || len(family.to) == 0 {
				continue
			}
			lines = append(lines, fmt.Sprintf("%s saddr %s %s daddr %s %saccept", family.word,
				set(family.from), family.word, set(family.to), service(rule)))
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func service(rule model.FwRule) string {
	switch {
	case rule.Protocol == "icmp":
		return "meta l4proto { icmp, ipv6-icmp } "
	case rule.Protocol == "all":
		return ""
	case len(rule.Ports) == 0:
		return "meta l4proto " + rule.Protocol + " "
	}
	return rule.Protocol + " dport { " + strings.Join(rule.Ports, ", ") + " } "
}

func set(ranges []net.IPNet) string {
	var texts []string
	for _, each := range ranges {
		texts = append(texts, masked(each))
	}
	return "{ " + strings.Join(texts, ", ") + " }"
}

func masked(each net.IPNet) string {
	return (&net.IPNet{IP: each.IP.Mask(each.Mask), Mask: each.Mask}).String()
}
