// Package policy enforces NetworkPolicy for the pods of one node, as nftables rules.
//
// Traffic to and from a pod that no policy selects passes. What a policy isolates gets a chain that
// lets the allowed traffic go on and drops the rest. Kubelet's probes come from the node itself and
// are never filtered, as Kubernetes asks.
package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Cluster is the input of a node's rules.
type Cluster struct {
	Pods       []*core.Pod
	Namespaces []*core.Namespace
	Policies   []*networking.NetworkPolicy
}

// Isolation is one pod whose traffic in one direction is limited to what is allowed.
type Isolation struct {
	// Pod is namespace and name, for whoever reads the rules.
	Pod     string
	Address string
	Allowed []Match
}

// Match is one kind of traffic. Empty fields match everything.
type Match struct {
	// Peers are addresses or one range; Except takes ranges out of it.
	Peers  []string
	Except []string
	// Protocol is tcp, udp or sctp; Ports is a port or a range of them.
	Protocol string
	Ports    string
}

// isolated finds the pods of a node that some policy isolates, by direction.
func (c Cluster) isolated(node string) (ingress, egress []Isolation) {
	for _, pod := range c.Pods {
		if pod.Spec.NodeName != node || !reachable(pod) {
			continue
		}
		in, out := c.allowed(pod)
		id := pod.Namespace + "/" + pod.Name
		if in != nil {
			ingress = append(ingress, Isolation{Pod: id, Address: pod.Status.PodIP, Allowed: *in})
		}
		if out != nil {
			egress = append(egress, Isolation{Pod: id, Address: pod.Status.PodIP, Allowed: *out})
		}
	}
	// Listed in any order, the same cluster gives the same rules: they are replaced when they change.
	byAddress := func(a, b Isolation) int { return strings.Compare(a.Address, b.Address) }
	slices.SortFunc(ingress, byAddress)
	slices.SortFunc(egress, byAddress)
	return ingress, egress
}

// allowed is what all policies together let a pod receive and send; nil where none isolates it.
func (c Cluster) allowed(pod *core.Pod) (in, out *[]Match) {
	for _, policy := range c.Policies {
		if policy.Namespace != pod.Namespace || !matches(&policy.Spec.PodSelector, pod.Labels) {
			continue
		}
		if slices.Contains(policy.Spec.PolicyTypes, networking.PolicyTypeIngress) {
			in = orNone(in)
			for _, rule := range policy.Spec.Ingress {
				*in = append(*in, c.matches(policy.Namespace, rule.From, rule.Ports, pod)...)
			}
		}
		if slices.Contains(policy.Spec.PolicyTypes, networking.PolicyTypeEgress) {
			out = orNone(out)
			for _, rule := range policy.Spec.Egress {
				*out = append(*out, c.matches(policy.Namespace, rule.To, rule.Ports, nil)...)
			}
		}
	}
	return in, out
}

func orNone(list *[]Match) *[]Match {
	if list == nil {
		return &[]Match{}
	}
	return list
}

// matches turns one rule into kinds of traffic. target is the pod that is addressed; nil where the
// peers are, so that a named port may be another number on each of them.
func (c Cluster) matches(
	namespace string, from []networking.NetworkPolicyPeer, ports []networking.NetworkPolicyPort, target *core.Pod,
) []Match {
	if len(from) == 0 {
		found := onPorts(Match{}, ports, target)
		if target != nil {
			return found
		}
		// Anyone may be addressed, at the number that each gives to a port's name.
		return append(found, c.onNamedPorts(ports)...)
	}
	var found []Match
	for _, peer := range from {
		if block := peer.IPBlock; block != nil {
			if prefix, err := netip.ParsePrefix(block.CIDR); err == nil && prefix.Addr().Is4() {
				found = append(found, onPorts(Match{Peers: []string{block.CIDR}, Except: block.Except}, ports, target)...)
			}
			continue
		}
		pods := c.selected(namespace, peer)
		if target == nil && slices.ContainsFunc(ports, named) {
			for _, pod := range pods {
				found = append(found, onPorts(Match{Peers: addresses(pod)}, ports, pod)...)
			}
		} else if len(pods) > 0 {
			found = append(found, onPorts(Match{Peers: addresses(pods...)}, ports, target)...)
		}
	}
	return found
}

// onNamedPorts is traffic to every pod that has a port of one of the names.
func (c Cluster) onNamedPorts(ports []networking.NetworkPolicyPort) []Match {
	var found []Match
	for _, port := range ports {
		if !named(port) {
			continue
		}
		for _, pod := range c.Pods {
			if reachable(pod) {
				found = append(found, onPorts(Match{Peers: addresses(pod)}, []networking.NetworkPolicyPort{port}, pod)...)
			}
		}
	}
	return found
}

// onPorts narrows traffic to ports; a name that the addressed pod does not have matches nothing.
func onPorts(match Match, ports []networking.NetworkPolicyPort, target *core.Pod) []Match {
	if len(ports) == 0 {
		return []Match{match}
	}
	var found []Match
	for _, port := range ports {
		narrowed, protocol := match, core.ProtocolTCP
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		narrowed.Protocol = map[core.Protocol]string{core.ProtocolTCP: "tcp", core.ProtocolUDP: "udp", core.ProtocolSCTP: "sctp"}[protocol]
		switch {
		case port.Port == nil:
		case named(port):
			number := numberOf(target, port.Port.StrVal, protocol)
			if number == "" {
				continue
			}
			narrowed.Ports = number
		default:
			narrowed.Ports = port.Port.String()
			if port.EndPort != nil {
				narrowed.Ports += fmt.Sprintf("-%d", *port.EndPort)
			}
		}
		found = append(found, narrowed)
	}
	return found
}

func named(port networking.NetworkPolicyPort) bool {
	return port.Port != nil && port.Port.Type == intstr.String
}

func numberOf(pod *core.Pod, name string, protocol core.Protocol) string {
	if pod == nil {
		return ""
	}
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name == name && (port.Protocol == protocol || port.Protocol == "" && protocol == core.ProtocolTCP) {
				return fmt.Sprint(port.ContainerPort)
			}
		}
	}
	return ""
}

// selected are the pods that a peer names.
func (c Cluster) selected(namespace string, peer networking.NetworkPolicyPeer) []*core.Pod {
	var found []*core.Pod
	for _, pod := range c.Pods {
		if !reachable(pod) || peer.PodSelector != nil && !matches(peer.PodSelector, pod.Labels) {
			continue
		}
		if peer.NamespaceSelector == nil {
			if pod.Namespace != namespace {
				continue
			}
		} else if !matches(peer.NamespaceSelector, c.namespaceLabels(pod.Namespace)) {
			continue
		}
		found = append(found, pod)
	}
	return found
}

func (c Cluster) namespaceLabels(name string) map[string]string {
	for _, namespace := range c.Namespaces {
		if namespace.Name == name {
			return namespace.Labels
		}
	}
	return nil
}

func matches(selector *meta.LabelSelector, set map[string]string) bool {
	parsed, err := meta.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(set))
}

func addresses(pods ...*core.Pod) []string {
	var found []string
	for _, pod := range pods {
		found = append(found, pod.Status.PodIP)
	}
	slices.Sort(found)
	return found
}

// reachable reports whether a pod has an IPv4 address of its own and still runs: a finished pod's
// address may be another's by now.
func reachable(pod *core.Pod) bool {
	address, err := netip.ParseAddr(pod.Status.PodIP)
	return err == nil && address.Is4() && !pod.Spec.HostNetwork &&
		pod.Status.Phase != core.PodSucceeded && pod.Status.Phase != core.PodFailed
}
