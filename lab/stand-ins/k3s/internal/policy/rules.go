package policy

import (
	"fmt"
	"slices"
	"strings"
)

// table holds all of our rules; it is replaced as a whole, so that no packet sees half of it.
const table = "kube-network-policies"

// Rules renders the nft script of a node's rules.
func (c Cluster) Rules(node string) string {
	ingress, egress := c.isolated(node)
	var text strings.Builder
	fmt.Fprintf(&text, "table ip %[1]s\ndelete table ip %[1]s\ntable ip %[1]s {\n", table)
	for _, isolation := range ingress {
		chain(&text, "in", "saddr", isolation)
	}
	for _, isolation := range egress {
		chain(&text, "out", "daddr", isolation)
	}
	hook(&text, "forward", jumps("daddr", "in", ingress), jumps("saddr", "out", egress))
	// What a pod sends to its own node is not forwarded.
	hook(&text, "input", jumps("saddr", "out", egress))
	text.WriteString("}\n")
	return text.String()
}

func hook(text *strings.Builder, name string, jumps ...string) {
	fmt.Fprintf(text, "  chain %[1]s {\n    type filter hook %[1]s priority filter; policy accept;\n", name)
	text.WriteString("    ct state established,related accept\n")
	for _, jump := range jumps {
		text.WriteString(jump)
	}
	text.WriteString("  }\n")
}

func jumps(field, prefix string, isolations []Isolation) string {
	if len(isolations) == 0 {
		return ""
	}
	var elements []string
	for _, isolation := range isolations {
		elements = append(elements, fmt.Sprintf("%s : jump %s", isolation.Address, chainName(prefix, isolation)))
	}
	slices.Sort(elements)
	return fmt.Sprintf("    ip %s vmap { %s }\n", field, strings.Join(slices.Compact(elements), ", "))
}

// chain returns from allowed traffic to the other direction's chain, and drops the rest.
func chain(text *strings.Builder, prefix, field string, isolation Isolation) {
	fmt.Fprintf(text, "  chain %s { # %s\n", chainName(prefix, isolation), isolation.Pod)
	var lines []string
	// A pod may always reach itself, for example through its Service.
	fmt.Fprintf(text, "    ip %s %s accept\n", field, isolation.Address)
	for _, match := range isolation.Allowed {
		lines = append(lines, fmt.Sprintf("    %sreturn\n", match.condition(field)))
	}
	slices.Sort(lines)
	text.WriteString(strings.Join(slices.Compact(lines), ""))
	text.WriteString("    counter drop\n  }\n")
}

func chainName(prefix string, isolation Isolation) string {
	return prefix + "_" + strings.ReplaceAll(isolation.Address, ".", "_")
}

// condition is the match as an nft expression, ending in a space unless it matches everything.
func (m Match) condition(field string) string {
	var parts []string
	if len(m.Peers) > 0 {
		parts = append(parts, fmt.Sprintf("ip %s { %s }", field, strings.Join(m.Peers, ", ")))
	}
	if len(m.Except) > 0 {
		parts = append(parts, fmt.Sprintf("ip %s != { %s }", field, strings.Join(m.Except, ", ")))
	}
	switch {
	case m.Ports != "":
		parts = append(parts, fmt.Sprintf("%s dport %s", m.Protocol, m.Ports))
	case m.Protocol != "":
		parts = append(parts, "meta l4proto "+m.Protocol)
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, " ") + " "
}
