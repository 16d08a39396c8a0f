package policy

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func pod(namespace, name, node, address string, labels map[string]string) *core.Pod {
	return &core.Pod{
		ObjectMeta: meta.ObjectMeta{Namespace: namespace, Name: name, Labels: labels},
		Spec: core.PodSpec{NodeName: node, Containers: []core.Container{
			{Ports: []core.ContainerPort{{Name: "sql", ContainerPort: 5432}}},
		}},
		Status: core.PodStatus{PodIP: address, Phase: core.PodRunning},
	}
}

func namespace(name string) *core.Namespace {
	return &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: name, Labels: map[string]string{"kubernetes.io/metadata.name": name}}}
}

func app(name string) *meta.LabelSelector {
	return &meta.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

func cluster(spec networking.NetworkPolicySpec) Cluster {
	return Cluster{
		Namespaces: []*core.Namespace{namespace("website"), namespace("other")},
		Pods: []*core.Pod{
			pod("website", "database-0", "worker", "10.42.1.2", map[string]string{"app": "database"}),
			pod("website", "page-1", "worker", "10.42.1.3", map[string]string{"app": "website"}),
			pod("website", "page-2", "pi", "10.42.2.3", map[string]string{"app": "website"}),
			pod("other", "page-3", "pi", "10.42.2.4", map[string]string{"app": "website"}),
		},
		Policies: []*networking.NetworkPolicy{{
			ObjectMeta: meta.ObjectMeta{Namespace: "website", Name: "p"}, Spec: spec,
		}},
	}
}

func number(port int) *intstr.IntOrString { return new(intstr.FromInt(port)) }

func name(port string) *intstr.IntOrString { return new(intstr.FromString(port)) }

func TestAllowedTraffic(t *testing.T) {
	udp, end := core.ProtocolUDP, int32(8010)
	ingress := []networking.PolicyType{networking.PolicyTypeIngress}
	egress := []networking.PolicyType{networking.PolicyTypeEgress}
	for title, c := range map[string]struct {
		spec networking.NetworkPolicySpec
		want []string
	}{
		"pods of the same namespace, by label and port": {
			networking.NetworkPolicySpec{PodSelector: *app("database"), PolicyTypes: ingress, Ingress: []networking.NetworkPolicyIngressRule{{
				From:  []networking.NetworkPolicyPeer{{PodSelector: app("website")}},
				Ports: []networking.NetworkPolicyPort{{Port: number(5432)}},
			}}},
			[]string{"in_10_42_1_2: ip saddr { 10.42.1.3, 10.42.2.3 } tcp dport 5432 return"},
		},
		"a named port is the addressed pod's": {
			networking.NetworkPolicySpec{PodSelector: *app("database"), PolicyTypes: ingress, Ingress: []networking.NetworkPolicyIngressRule{{
				Ports: []networking.NetworkPolicyPort{{Port: name("sql")}, {Port: name("absent")}},
			}}},
			[]string{"in_10_42_1_2: tcp dport 5432 return"},
		},
		"pods of other namespaces": {
			networking.NetworkPolicySpec{PodSelector: *app("database"), PolicyTypes: ingress, Ingress: []networking.NetworkPolicyIngressRule{{
				From: []networking.NetworkPolicyPeer{{
					PodSelector:       app("website"),
					NamespaceSelector: &meta.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": "other"}},
				}},
			}}},
			[]string{"in_10_42_1_2: ip saddr { 10.42.2.4 } return"},
		},
		"a range with an exception, and a range of ports": {
			networking.NetworkPolicySpec{PodSelector: *app("database"), PolicyTypes: ingress, Ingress: []networking.NetworkPolicyIngressRule{{
				From:  []networking.NetworkPolicyPeer{{IPBlock: &networking.IPBlock{CIDR: "10.0.0.0/8", Except: []string{"10.42.0.0/16"}}}},
				Ports: []networking.NetworkPolicyPort{{Port: number(8000), EndPort: &end}, {Protocol: &udp}},
			}}},
			[]string{
				"in_10_42_1_2: ip saddr { 10.0.0.0/8 } ip saddr != { 10.42.0.0/16 } meta l4proto udp return",
				"in_10_42_1_2: ip saddr { 10.0.0.0/8 } ip saddr != { 10.42.0.0/16 } tcp dport 8000-8010 return",
			},
		},
		"nobody, where no rule is given": {networking.NetworkPolicySpec{PodSelector: *app("database"), PolicyTypes: ingress}, nil},
		"nobody, where no pod is what is allowed": {
			networking.NetworkPolicySpec{PodSelector: *app("database"), PolicyTypes: ingress, Ingress: []networking.NetworkPolicyIngressRule{{
				From: []networking.NetworkPolicyPeer{{PodSelector: app("absent")}},
			}}},
			nil,
		},
		"everybody, where a rule is empty": {
			networking.NetworkPolicySpec{PodSelector: *app("database"), PolicyTypes: ingress, Ingress: []networking.NetworkPolicyIngressRule{{}}},
			[]string{"in_10_42_1_2: return"},
		},
		"what a pod may send, by the peers' own named ports": {
			networking.NetworkPolicySpec{PodSelector: *app("website"), PolicyTypes: egress, Egress: []networking.NetworkPolicyEgressRule{{
				To:    []networking.NetworkPolicyPeer{{PodSelector: app("database")}},
				Ports: []networking.NetworkPolicyPort{{Port: name("sql")}},
			}}},
			[]string{"out_10_42_1_3: ip daddr { 10.42.1.2 } tcp dport 5432 return"},
		},
	} {
		t.Run(title, func(t *testing.T) {
			text := cluster(c.spec).Rules("worker")
			if got := allowedLines(text); strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got %q\nwant %q\nin %s", got, c.want, text)
			}
			if !strings.Contains(text, "counter drop") {
				t.Errorf("nothing is dropped in %s", text)
			}
		})
	}
}

// allowedLines are the rules that let traffic go on, each with its chain.
func allowedLines(text string) []string {
	var found []string
	chain := ""
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) > 1 && fields[0] == "chain":
			chain = fields[1]
		case strings.HasSuffix(strings.TrimSpace(line), "return"):
			found = append(found, chain+": "+strings.TrimSpace(line))
		}
	}
	return found
}

func TestPodsThatNoPolicySelectsAreLeftAlone(t *testing.T) {
	spec := networking.NetworkPolicySpec{PodSelector: *app("absent"), PolicyTypes: []networking.PolicyType{networking.PolicyTypeIngress}}
	if text := cluster(spec).Rules("worker"); strings.Contains(text, "drop") {
		t.Errorf("got %s", text)
	}
}

func TestOtherNodesAndFinishedPodsHaveNoChain(t *testing.T) {
	c := cluster(networking.NetworkPolicySpec{PolicyTypes: []networking.PolicyType{networking.PolicyTypeIngress}})
	c.Pods[1].Status.Phase = core.PodSucceeded
	text := c.Rules("worker")
	if !strings.Contains(text, "chain in_10_42_1_2") || strings.Contains(text, "10_42_1_3") || strings.Contains(text, "10_42_2_") {
		t.Errorf("got %s", text)
	}
}

func TestTheSameClusterGivesTheSameRulesInAnyOrder(t *testing.T) {
	c := cluster(networking.NetworkPolicySpec{PolicyTypes: []networking.PolicyType{networking.PolicyTypeIngress, networking.PolicyTypeEgress}})
	before := c.Rules("worker")
	slices.Reverse(c.Pods)
	if after := c.Rules("worker"); after != before {
		t.Errorf("got %s\nafter %s", after, before)
	}
}

func TestNftTakesTheRules(t *testing.T) {
	if _, err := exec.LookPath("nft"); err != nil || os.Geteuid() != 0 {
		t.Skip("needs nft and root")
	}
	both := []networking.PolicyType{networking.PolicyTypeIngress, networking.PolicyTypeEgress}
	text := cluster(networking.NetworkPolicySpec{
		PodSelector: *app("database"), PolicyTypes: both,
		Ingress: []networking.NetworkPolicyIngressRule{{From: []networking.NetworkPolicyPeer{
			{PodSelector: app("website")}, {IPBlock: &networking.IPBlock{CIDR: "10.0.0.0/8", Except: []string{"10.42.0.0/16"}}},
		}}},
	}).Rules("worker")
	check := exec.Command("nft", "--check", "--file", "-")
	check.Stdin = strings.NewReader(text)
	if said, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, said, text)
	}
}
