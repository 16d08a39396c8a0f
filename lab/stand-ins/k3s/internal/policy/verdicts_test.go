package policy

import (
	"context"
	"sync"
	"testing"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const (
	thisNode  = "workernode"
	otherNode = "raspberrypi"

	// databaseClients is what the database's app declares.
	databaseClients = `
podSelector: {matchLabels: {app: database}}
policyTypes: [Ingress]
ingress:
  - from: [{podSelector: {matchLabels: {app: website}}}]
    ports: [{protocol: TCP, port: 5432}]
`
)

// scratchCluster has a database and three other pods on this node, and two pods on the other.
func scratchCluster() Cluster {
	of := func(namespace, name, app, node, address string) *core.Pod {
		made := pod(namespace, name, node, address, map[string]string{"app": app})
		made.Spec.Containers[0].Ports = append(made.Spec.Containers[0].Ports, core.ContainerPort{Name: "http", ContainerPort: 8080})
		return made
	}
	return Cluster{
		Namespaces: []*core.Namespace{namespace("website"), namespace("other")},
		Pods: []*core.Pod{
			of("website", "db", "database", thisNode, "10.42.0.10"),
			of("website", "web", "website", thisNode, "10.42.0.11"),
			of("website", "bare", "", thisNode, "10.42.0.12"),
			of("other", "stranger", "website", thisNode, "10.42.0.13"),
			of("website", "far-web", "website", otherNode, "10.42.1.11"),
			of("other", "far-stranger", "website", otherNode, "10.42.1.13"),
		},
	}
}

// under is the scratch cluster with policies of the namespace website.
func under(t *testing.T, specs ...string) Cluster {
	t.Helper()
	c := scratchCluster()
	for _, spec := range specs {
		made := &networking.NetworkPolicy{ObjectMeta: meta.ObjectMeta{Namespace: "website"}}
		if err := yaml.UnmarshalStrict([]byte(spec), &made.Spec); err != nil {
			t.Fatalf("%v in %s", err, spec)
		}
		c.Policies = append(c.Policies, made)
	}
	return c
}

// probe is one connection that a test tries.
type probe struct {
	from, to string
	port     int
}

// clients may reach the database by its policy.
func clients(p probe) bool {
	return p.from == "web" || p.from == "far-web"
}

// What policies mean for every pair of pods, in the kernel of this computer. A case says which
// connections are dropped; all others must succeed.
func TestVerdicts(t *testing.T) {
	network(t)
	for _, c := range []struct {
		name     string
		policies []string
		dropped  func(probe) bool
	}{
		{"without policies everyone reaches everyone", nil, func(probe) bool { return false }},
		{
			"the database is for its clients, on its port",
			[]string{databaseClients},
			func(p probe) bool { return p.to == "db" && !(clients(p) && p.port == 5432) },
		},
		{
			"a policy without rules closes its namespace to all but the node",
			[]string{"{podSelector: {}, policyTypes: [Ingress]}"},
			func(p probe) bool { return p.to == "db" || p.to == "web" || p.to == "bare" },
		},
		{
			"policies add up",
			[]string{"{podSelector: {}, policyTypes: [Ingress]}", databaseClients},
			func(p probe) bool {
				return p.to == "web" || p.to == "bare" || p.to == "db" && !(clients(p) && p.port == 5432)
			},
		},
		{
			"another namespace is let in by its labels, by a port's name",
			[]string{`
podSelector: {matchLabels: {app: database}}
policyTypes: [Ingress]
ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}}], ports: [{port: http}]}]`},
			func(p probe) bool {
				stranger := p.from == "stranger" || p.from == "far-stranger"
				return p.to == "db" && !(stranger && p.port == 8080)
			},
		},
		{
			"addresses are let in but for exceptions, on a range of ports",
			[]string{`
podSelector: {matchLabels: {app: database}}
policyTypes: [Ingress]
ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.42.1.0/24, 10.42.0.12/32]}}], ports: [{port: 5000, endPort: 6000}]}]`},
			func(p probe) bool {
				except := p.from == "far-web" || p.from == "far-stranger" || p.from == "bare"
				return p.to == "db" && (except || p.port != 5432)
			},
		},
		{
			"a pod goes out only where its policy says, not even to its node",
			[]string{`
podSelector: {matchLabels: {app: website}}
policyTypes: [Egress]
egress: [{to: [{podSelector: {matchLabels: {app: database}}}], ports: [{port: sql}]}]`},
			func(p probe) bool { return p.from == "web" && !(p.to == "db" && p.port == 5432) },
		},
		{
			"a pod goes out to anyone's port of a name",
			[]string{"{podSelector: {matchLabels: {app: website}}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}"},
			func(p probe) bool { return p.from == "web" && (p.to == "" || p.port != 8080) },
		},
		{
			"a range may be one port, and exceptions may overlap",
			[]string{`
podSelector: {matchLabels: {app: database}}
policyTypes: [Ingress]
ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.42.1.0/24, 10.42.1.11/32]}}], ports: [{port: 8080, endPort: 8080}]}]`},
			func(p probe) bool {
				return p.to == "db" && (p.from == "far-web" || p.from == "far-stranger" || p.port != 8080)
			},
		},
		{
			"both ends must agree",
			[]string{
				"{podSelector: {matchLabels: {app: website}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: database}}}]}]}",
				"{podSelector: {matchLabels: {app: database}}, policyTypes: [Ingress], ingress: [{ports: [{port: 8080}]}]}",
			},
			func(p probe) bool {
				return p.from == "web" && p.to != "db" || p.to == "db" && p.port != 8080
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := under(t, c.policies...)
			enforce(t, v)
			var group sync.WaitGroup
			defer group.Wait()
			for _, from := range v.Pods {
				for _, to := range append(v.Pods[:len(v.Pods):len(v.Pods)], &core.Pod{}) {
					for _, port := range ports {
						group.Go(func() { try(t, from, to, port, c.dropped) })
					}
				}
			}
			for _, to := range v.Pods {
				if dial(t, nodeSide, "", to.Status.PodIP, ports[0]) == nil {
					t.Errorf("the node does not reach %s", to.Name)
				}
			}
		})
	}
}

// try connects one pod with another, with the node where to is empty, and with the database by its
// service too.
func try(t *testing.T, from, to *core.Pod, port int, dropped func(probe) bool) {
	t.Helper()
	addresses := []string{to.Status.PodIP}
	switch {
	case to.Name == "":
		addresses = []string{gateway(thisNode)}
	case to.Name == "db":
		addresses = append(addresses, service)
	case from.Spec.NodeName != thisNode && to.Spec.NodeName != thisNode:
		return // this node sees nothing of it
	}
	for _, address := range addresses {
		connection := dial(t, home(from.Spec.NodeName, from.Name), from.Status.PodIP, address, port)
		want := !dropped(probe{from.Name, to.Name, port}) || from.Name == to.Name
		if got := connection != nil; got != want {
			t.Errorf("%s to %q at %s:%d: connected %v, want %v", from.Name, to.Name, address, port, got, want)
		}
	}
}

// enforce puts the rules of the cluster in place on the scratch node.
func enforce(t *testing.T, c Cluster) {
	t.Helper()
	inside(t, nodeSide, func() error { return apply(context.Background(), c.Rules(thisNode)) })
}

func TestAnOpenConnectionOutlivesANewPolicy(t *testing.T) {
	network(t)
	open := dial(t, scratch+"stranger", "", "10.42.0.10", 5432)
	if open == nil {
		t.Fatal("dropped without a policy")
	}
	enforce(t, under(t, databaseClients))
	if dial(t, scratch+"stranger", "", "10.42.0.10", 5432) != nil {
		t.Error("a new connection is accepted")
	}
	answer := make([]byte, 5)
	if _, err := open.Write([]byte("still")); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Read(answer); err != nil || string(answer) != "still" {
		t.Errorf("the open connection answers %q, %v", answer, err)
	}
	for range 2 { // once with rules to remove, once without
		inside(t, nodeSide, func() error { return Remove(context.Background()) })
	}
	if dial(t, scratch+"stranger", "", "10.42.0.10", 5432) == nil {
		t.Error("dropped after the rules were removed")
	}
}
