package policy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The scratch network: the node's namespace with flannel's and the CNI's addresses, one namespace for
// each pod of this node, and one with the pods of the other.
const (
	scratch  = "fogline-netpol-test-"
	nodeSide = scratch + "node"
	farSide  = scratch + "far"
	// service is a cluster's address of the database, as kube-proxy makes one.
	service = "10.43.0.10"
)

// patience is the timeout of a connection attempt, far above what one takes here.
const patience = time.Second

var ports = []int{5432, 8080}

// network makes the scratch network of scratchCluster() and takes it away after the test.
func network(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to make network namespaces")
	}
	for _, program := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("needs %s", program)
		}
	}
	node := func(args ...string) { command(t, append([]string{"ip", "-n", nodeSide}, args...)...) }
	makeNamespace(t, nodeSide)
	node("link", "add", "cni0", "type", "bridge")
	node("address", "add", "10.42.0.1/24", "dev", "cni0")
	node("link", "set", "cni0", "up")
	makeNamespace(t, farSide)
	node("link", "add", "flannel.1", "type", "veth", "peer", "name", "eth0", "netns", farSide)
	node("address", "add", "10.42.1.1/24", "dev", "flannel.1")
	node("link", "set", "flannel.1", "up")
	for _, pod := range scratchCluster().Pods {
		where, address := home(pod.Spec.NodeName, pod.Name), pod.Status.PodIP+"/24"
		if pod.Spec.NodeName == thisNode {
			makeNamespace(t, where)
			port := "veth-" + pod.Name
			node("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", where)
			// The bridge plugin lets a pod reach itself by its service: hairpin.
			node("link", "set", port, "master", "cni0", "up")
			node("link", "set", port, "type", "bridge_slave", "hairpin", "on")
		}
		command(t, "ip", "-n", where, "address", "add", address, "dev", "eth0")
		command(t, "ip", "-n", where, "link", "set", "eth0", "up")
		command(t, "ip", "-n", where, "route", "replace", "default", "via", gateway(pod.Spec.NodeName))
	}
	inside(t, nodeSide, func() error {
		for setting, value := range map[string]string{
			"net/ipv4/ip_forward": "1", "net/bridge/bridge-nf-call-iptables": "1",
		} {
			if err := os.WriteFile(filepath.Join("/proc/sys", setting), []byte(value), 0o644); err != nil {
				return err
			}
		}
		return nil
	})
	command(t, "ip", "netns", "exec", nodeSide, "nft", fmt.Sprintf(`
		table ip services {
			chain prerouting {
				type nat hook prerouting priority dstnat
				ip daddr %[1]s dnat to 10.42.0.10
			}
			chain postrouting {
				type nat hook postrouting priority srcnat
				ip saddr 10.42.0.10 ip daddr 10.42.0.10 masquerade
			}
		}`, service))
	for _, pod := range scratchCluster().Pods {
		for _, port := range ports {
			serve(t, home(pod.Spec.NodeName, pod.Name), pod.Status.PodIP, port)
		}
	}
	for _, port := range ports {
		serve(t, nodeSide, gateway(thisNode), port)
	}
}

// home is the namespace of a pod.
func home(node, pod string) string {
	if node == thisNode {
		return scratch + pod
	}
	return farSide
}

func gateway(node string) string {
	if node == thisNode {
		return "10.42.0.1"
	}
	return "10.42.1.1"
}

func makeNamespace(t *testing.T, name string) {
	t.Helper()
	// One that an interrupted test left behind would be in the way.
	_ = exec.Command("ip", "netns", "delete", name).Run()
	command(t, "ip", "netns", "add", name)
	t.Cleanup(func() { command(t, "ip", "netns", "delete", name) })
	command(t, "ip", "-n", name, "link", "set", "lo", "up")
}

func command(t *testing.T, args ...string) {
	t.Helper()
	if said, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, said)
	}
}

// inside runs a function in a network namespace, on a thread that ends with it.
func inside(t *testing.T, namespace string, act func() error) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		handle, err := os.Open(filepath.Join("/run/netns", namespace))
		if err == nil {
			err = unix.Setns(int(handle.Fd()), unix.CLONE_NEWNET)
			handle.Close()
		}
		if err == nil {
			err = act()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Errorf("%s: %v", namespace, err)
	}
}

// serve answers every line on a port of the pod's address with the same line.
func serve(t *testing.T, namespace, address string, port int) {
	t.Helper()
	inside(t, namespace, func() error {
		listener, err := net.Listen("tcp4", net.JoinHostPort(address, strconv.Itoa(port)))
		if err != nil {
			return err
		}
		t.Cleanup(func() { listener.Close() })
		go func() {
			for {
				connection, err := listener.Accept()
				if err != nil {
					return
				}
				go func() {
					defer connection.Close()
					_, _ = io.Copy(connection, connection) // ends with the caller's connection
				}()
			}
		}()
		return nil
	})
}

// dial connects from an address of the namespace; nil where the connection's packets are dropped.
func dial(t *testing.T, namespace, from, to string, port int) net.Conn {
	t.Helper()
	var connection net.Conn
	inside(t, namespace, func() error {
		dialer := net.Dialer{Timeout: patience}
		if from != "" {
			dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
		}
		var err error
		connection, err = dialer.Dial("tcp4", net.JoinHostPort(to, strconv.Itoa(port)))
		// Only a timeout means that packets were dropped.
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			return nil
		}
		return err
	})
	if connection != nil {
		t.Cleanup(func() { connection.Close() })
	}
	return connection
}
