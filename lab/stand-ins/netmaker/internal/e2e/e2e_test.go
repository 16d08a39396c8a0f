package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fogline/lab/netmaker/internal/model"
)

type object = map[string]any

// network is the one of the source system, in small.
const network = "netmaker"

func TestTunnelsOutliveTheServerTheBrokerAndNetclient(t *testing.T) {
	l := newLab(t)
	broker := l.startBroker()
	server := l.startServer()
	l.startProxy()
	key := l.setUp()

	daemons := map[string]func(){}
	for i, name := range []string{"master", "worker", "pi"} {
		l.machine(name, 10+i)
		l.eventually(name+" joins", func() error { l.netclient(name, "join", "-t", key, "-o", name); return nil })
		daemon := l.startDaemon(name)
		daemons[name] = func() { l.kill(daemon) }
	}
	everybodyMeets := func(when string) {
		t.Helper()
		for _, way := range [][2]string{{"master", "10.77.0.2"}, {"worker", "10.77.0.3"}, {"pi", "10.77.0.1"}, {"pi", "worker.netmaker"}} {
			l.eventually(when, func() error { return l.ping(way[0], way[1]) })
		}
	}
	everybodyMeets("with everything up")

	l.kill(server)
	l.kill(broker)
	for _, way := range [][2]string{{"master", "10.77.0.2"}, {"worker", "10.77.0.3"}, {"pi", "10.77.0.1"}} {
		if err := l.ping(way[0], way[1]); err != nil {
			t.Errorf("server and broker down: %v", err)
		}
	}
	daemons["worker"]()
	if err := l.ping("master", "10.77.0.2"); err != nil {
		t.Errorf("netclient down, too: %v", err)
	}
	l.startDaemon("worker")
	everybodyMeets("netclient up again, server and broker down")

	l.startBroker()
	l.startServer()
	l.machine("late", 20)
	l.netclient("late", "join", "-t", key, "-o", "late")
	l.startDaemon("late")
	l.eventually("the new member is met", func() error { return l.ping("late", "10.77.0.2") })
	l.eventually("the new member is called by name", func() error { return l.ping("pi", "late.netmaker") })

	l.netclient("late", "leave", network)
	l.eventually("who left is forgotten", func() error {
		hosts, err := os.ReadFile(filepath.Join(l.folder, "pi", "hosts"))
		if err == nil && strings.Contains(string(hosts), "late") {
			err = errors.New("its name is still there")
		}
		return err
	})
	everybodyMeets("at the end")

	for _, host := range call[[]model.APIHost](l, "GET", "/api/hosts", nil) {
		if host.Name == "pi" {
			call[object](l, "DELETE", "/api/v1/ui/hosts/"+host.ID+"?force=true", nil)
		}
	}
	l.eventually("the deleted host gives its tunnels up", func() error {
		if l.ping("pi", "10.77.0.1") == nil {
			return errors.New("it has them")
		}
		if text, err := os.ReadFile(filepath.Join(l.folder, "pi", "hosts")); err != nil || strings.Contains(string(text), network) {
			return errors.New("it has their names")
		}
		return nil
	})
	if err := l.ping("master", "10.77.0.2"); err != nil {
		t.Errorf("the others: %v", err)
	}
}

func TestAVisitorsDeviceReachesWhatTheRulesAllowAndNoMore(t *testing.T) {
	l := newLab(t)
	l.startBroker()
	l.startServer()
	l.startProxy()
	key := l.setUp()
	for i, name := range []string{"master", "worker"} {
		l.machine(name, 10+i)
		l.eventually(name+" joins", func() error { l.netclient(name, "join", "-t", key, "-o", name); return nil })
		l.startDaemon(name)
	}
	nodes := map[string]string{}
	l.eventually("both are members", func() error {
		for _, node := range call[[]model.Node](l, "GET", "/api/nodes/"+network, nil) {
			nodes[node.Address] = node.ID
		}
		if len(nodes) < 2 {
			return fmt.Errorf("%d are", len(nodes))
		}
		return nil
	})
	master := nodes["10.77.0.1/24"]
	call[object](l, "POST", "/api/nodes/"+network+"/"+master+"/gateway", object{})
	call[object](l, "POST", "/api/extclients/"+network+"/"+master, object{"clientid": "visitor"})
	file, err := l.send("GET", "/api/extclients/"+network+"/visitor/file", nil)
	l.check(err)
	l.machine("visitor", 30)
	l.connectPlainly("visitor", string(file))
	for _, name := range []string{"master", "worker"} {
		l.listen(name, ":6443")
		l.listen(name, ":80")
	}
	l.eventually("the visitor reaches the gateway", func() error { return l.connect("visitor", "10.77.0.1:6443") })
	l.eventually("the visitor reaches a member", func() error { return l.connect("visitor", "10.77.0.2:6443") })

	everyone := []object{{"id": "tag", "value": "*"}}
	call[object](l, "POST", "/api/v1/acls", object{
		"name": "website", "network_id": network, "policy_type": "device-policy", "src_type": everyone,
		"dst_type": everyone, "type": "Custom", "protocol": "tcp", "ports": []string{"80"},
		"allowed_traffic_direction": 1, "enabled": true,
	})
	for _, name := range []string{"all-nodes", "all-gateways"} {
		call[object](l, "PUT", "/api/v1/acls", object{"id": network + "." + name, "network_id": network, "enabled": false})
	}
	for _, address := range []string{"10.77.0.1", "10.77.0.2"} {
		l.eventually(address+":6443 is closed", func() error {
			if l.connect("visitor", address+":6443") == nil {
				return errors.New("it is open")
			}
			return nil
		})
		if err := l.connect("visitor", address+":80"); err != nil {
			t.Errorf("%s:80: %v", address, err)
		}
	}

	// What is behind the worker: an address that the visitor knows no other way to.
	l.in("worker", "ip", "address", "add", "192.0.2.1/24", "dev", "lo")
	call[object](l, "POST", "/api/v1/egress", object{
		"name": "cloud", "network": network, "range": "192.0.2.0/24", "nodes": object{nodes["10.77.0.2/24"]: 256}, "nat": true,
	})
	l.eventually("the gateway routes the egress", func() error { return l.connect("master", "192.0.2.1:80") })

	call[object](l, "PUT", "/api/extclients/"+network+"/visitor", object{"clientid": "visitor", "enabled": false})
	l.eventually("who is shut off reaches nothing", func() error {
		if l.connect("visitor", "10.77.0.1:80") == nil {
			return errors.New("it does")
		}
		return nil
	})
}

// setUp makes a user and a network, and gives the token of its key.
func (l *lab) setUp() string {
	who := object{"username": "admin", "password": "only-for-this-test"}
	call[object](l, "POST", "/api/users/adm/createsuperadmin", who)
	l.token = call[struct{ Response struct{ AuthToken string } }](l, "POST", "/api/users/adm/authenticate", who).Response.AuthToken
	call[object](l, "POST", "/api/networks", object{"netid": network, "addressrange": "10.77.0.0/24"})
	return call[[]model.EnrollmentKey](l, "GET", "/api/v1/enrollment-keys", nil)[0].Token
}

// connectPlainly sets up an external client by WireGuard's own tools, as wg-quick would.
func (l *lab) connectPlainly(machine, file string) {
	var forWG []string
	address := ""
	for line := range strings.Lines(file) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " = ")
		switch key {
		case "Address":
			address = value
		case "MTU", "DNS":
		default:
			forWG = append(forWG, strings.TrimSpace(line))
		}
	}
	config := filepath.Join(l.folder, machine, "wg.conf")
	l.check(os.WriteFile(config, []byte(strings.Join(forWG, "\n")+"\n"), 0o600))
	script := "wireguard-go wg0 && wg setconf wg0 \"$0\" && ip address add " + address +
		" dev wg0 && ip link set wg0 up && ip route add 10.77.0.0/24 dev wg0"
	if said, err := l.as(machine, "sh", "-c", script, config).CombinedOutput(); err != nil {
		l.t.Fatalf("%s: %v\n%s", machine, err, said)
	}
}
