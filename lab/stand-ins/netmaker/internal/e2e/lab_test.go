// Package e2e runs the server, Mosquitto and netclients in network namespaces of their own and sends
// real packets through their tunnels. Only as root.
package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netns"
)

const (
	hub      = "198.51.100.1"
	apiPort  = "8081"
	proxyEnv = "NMTEST_PROXY"
)

// TestMain is also the proxy that ends TLS before the server, when it is started as that.
func TestMain(m *testing.M) {
	if folder := os.Getenv(proxyEnv); folder != "" {
		target := &url.URL{Scheme: "http", Host: "127.0.0.1:" + apiPort}
		proxy := httputil.NewSingleHostReverseProxy(target)
		fmt.Fprintln(os.Stderr, http.ListenAndServeTLS(hub+":443", folder+"/tls.pem", folder+"/tls.key", proxy))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// lab is a switch with the server at it, and machines.
type lab struct {
	t      *testing.T
	folder string
	prefix string
	client http.Client
	token  string
}

func newLab(t *testing.T) *lab {
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes network namespaces and tunnels")
	}
	for _, program := range []string{"ip", "nft", "ping", "mosquitto", "wireguard-go", "wg", "unshare"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("needs %s: apt-get install iproute2 nftables iputils-ping mosquitto wireguard-go wireguard-tools", program)
		}
	}
	l := &lab{t: t, folder: t.TempDir(), prefix: fmt.Sprintf("nmtest-%d-", os.Getpid())}
	build := exec.Command("go", "build", "-o", l.folder, "../../cmd/...")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, said)
	}
	for _, place := range []string{"/etc/netclient", "/run/wireguard"} {
		if os.Mkdir(place, 0o700) == nil {
			t.Cleanup(func() { os.Remove(place) })
		}
	}
	l.certificate()
	l.namespace("hub")
	// A bridge without an address of its own takes another one with each new port, which nobody is told.
	l.in("hub", "ip", "link", "add", "switch", "address", "02:00:00:00:00:01", "type", "bridge")
	l.in("hub", "ip", "address", "add", hub+"/24", "dev", "switch")
	l.in("hub", "ip", "link", "set", "switch", "up")
	l.client.Transport = &http.Transport{DialContext: l.dial, DisableKeepAlives: true}
	l.client.Timeout = 10 * time.Second
	return l
}

// namespace makes a network namespace that goes with the test and with everything that runs in it.
func (l *lab) namespace(name string) {
	full := l.prefix + name
	l.run("ip", "netns", "add", full)
	l.t.Cleanup(func() {
		pids, _ := exec.Command("ip", "netns", "pids", full).Output()
		for _, text := range strings.Fields(string(pids)) {
			if pid, err := strconv.Atoi(text); err == nil {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		exec.Command("ip", "netns", "del", full).Run()
	})
	l.in(name, "ip", "link", "set", "lo", "up")
}

// machine makes a namespace with a NIC at the switch.
func (l *lab) machine(name string, number int) {
	l.namespace(name)
	// Names of NICs have 15 characters at most.
	l.in("hub", "ip", "link", "add", "p-"+name, "type", "veth", "peer", "name", "eth0", "netns", l.prefix+name)
	l.in("hub", "ip", "link", "set", "p-"+name, "master", "switch", "up")
	l.in(name, "ip", "address", "add", fmt.Sprintf("198.51.100.%d/24", number), "dev", "eth0")
	l.in(name, "ip", "link", "set", "eth0", "up")
	for _, folder := range []string{"netclient", "wireguard"} {
		l.check(os.MkdirAll(filepath.Join(l.folder, name, folder), 0o700))
	}
	l.check(os.WriteFile(filepath.Join(l.folder, name, "hosts"), []byte("127.0.0.1 localhost\n"), 0o644))
}

// as is a command on a machine, with folders of its own where netclient and wireguard-go write.
func (l *lab) as(name string, args ...string) *exec.Cmd {
	script := `mount --bind "$0/netclient" /etc/netclient && mount --bind "$0/wireguard" /run/wireguard &&
		mount --bind "$0/hosts" /etc/hosts && exec "$@"`
	own := filepath.Join(l.folder, name)
	command := exec.Command("ip", append([]string{"netns", "exec", l.prefix + name, "unshare", "-m", "sh", "-c", script, own}, args...)...)
	command.Env = append(os.Environ(), "SSL_CERT_FILE="+l.folder+"/tls.pem")
	return command
}

func (l *lab) in(name string, args ...string) string {
	l.t.Helper()
	return l.run("ip", append([]string{"netns", "exec", l.prefix + name}, args...)...)
}

func (l *lab) run(program string, args ...string) string {
	l.t.Helper()
	said, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		l.t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, said)
	}
	return string(said)
}

func (l *lab) check(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// start runs a program until the test ends, with its output in a file.
func (l *lab) start(name string, command *exec.Cmd) *exec.Cmd {
	l.t.Helper()
	words, err := os.OpenFile(filepath.Join(l.folder, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	l.check(err)
	defer words.Close()
	command.Stdout, command.Stderr = words, words
	l.check(command.Start())
	l.t.Cleanup(func() {
		l.kill(command)
		if l.t.Failed() {
			text, _ := os.ReadFile(words.Name())
			l.t.Logf("%s:\n%s", name, text)
		}
	})
	return command
}

func (l *lab) kill(command *exec.Cmd) {
	if command.ProcessState == nil {
		command.Process.Kill()
		command.Wait()
	}
}

func (l *lab) startBroker() *exec.Cmd {
	file := filepath.Join(l.folder, "mosquitto.conf")
	l.check(os.WriteFile(file, []byte("user root\nlistener 1883 "+hub+"\nallow_anonymous true\npersistence false\n"), 0o600))
	return l.start("mosquitto", exec.Command("ip", "netns", "exec", l.prefix+"hub", "mosquitto", "-c", file))
}

func (l *lab) startServer() *exec.Cmd {
	command := exec.Command("ip", "netns", "exec", l.prefix+"hub", filepath.Join(l.folder, "netmaker"))
	command.Dir = l.folder
	command.Env = append(os.Environ(), "SERVER_NAME=nmtest", "SERVER_API_CONN_STRING="+hub+":443",
		"SERVER_HOST=127.0.0.1", "HTTPS_PROXY=http://127.0.0.1:9", "API_PORT="+apiPort, "BROKER_ENDPOINT=mqtt://"+hub+":1883",
		"MQ_USERNAME=netmaker", "MQ_PASSWORD=only-for-this-test")
	server := l.start("netmaker", command)
	l.eventually("the server answers", func() error {
		_, err := l.send(http.MethodGet, "/api/server/health", nil)
		return err
	})
	return server
}

func (l *lab) startProxy() {
	self, err := os.Executable()
	l.check(err)
	command := exec.Command("ip", "netns", "exec", l.prefix+"hub", self)
	command.Env = append(os.Environ(), proxyEnv+"="+l.folder)
	l.start("proxy", command)
}

func (l *lab) netclient(machine string, args ...string) {
	l.t.Helper()
	command := l.as(machine, append([]string{filepath.Join(l.folder, "netclient")}, args...)...)
	if said, err := command.CombinedOutput(); err != nil {
		l.t.Fatalf("%s: netclient %v: %v\n%s", machine, args, err, said)
	}
}

func (l *lab) startDaemon(machine string) *exec.Cmd {
	return l.start("netclient-"+machine, l.as(machine, filepath.Join(l.folder, "netclient"), "daemon"))
}

// ping sends one packet and waits a second for its answer.
func (l *lab) ping(from, to string) error {
	said, err := l.as(from, "ping", "-c", "1", "-W", "1", to).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s does not reach %s: %w\n%s", from, to, err, said)
	}
	return nil
}

// connect opens a TCP connection, or says why not.
func (l *lab) connect(from, to string) error {
	connection, err := l.dialFrom(from, to)
	if err != nil {
		return err
	}
	return connection.Close()
}

func (l *lab) eventually(what string, check func() error) {
	l.t.Helper()
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	l.t.Fatalf("not within 20 s: %s: %v", what, err)
}

func (l *lab) dial(context.Context, string, string) (net.Conn, error) {
	return l.dialFrom("hub", "127.0.0.1:"+apiPort)
}

// dialFrom connects out of a namespace.
func (l *lab) dialFrom(name, to string) (connection net.Conn, err error) {
	err = l.inside(name, func() (err error) {
		connection, err = net.DialTimeout("tcp", to, 2*time.Second)
		return err
	})
	return connection, err
}

// listen answers TCP connections in a namespace until the test ends.
func (l *lab) listen(name, address string) {
	l.check(l.inside(name, func() error {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		l.t.Cleanup(func() { listener.Close() })
		go func() {
			for {
				connection, err := listener.Accept()
				if err != nil {
					return
				}
				connection.Close()
			}
		}()
		return nil
	}))
}

func (l *lab) inside(name string, work func() error) error {
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		return err
	}
	defer home.Close()
	there, err := netns.GetFromName(l.prefix + name)
	if err != nil {
		return err
	}
	defer there.Close()
	if err := netns.Set(there); err != nil {
		return err
	}
	err = work()
	// A thread that cannot return to its namespace stays locked, and ends with its goroutine.
	if netns.Set(home) == nil {
		runtime.UnlockOSThread()
	}
	return err
}

func (l *lab) send(method, path string, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(method, "http://netmaker"+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+l.token)
	response, err := l.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	return answer, err
}

// call sends and reads, or fails the test.
func call[T any](l *lab, method, path string, body any) T {
	l.t.Helper()
	var value T
	answer, err := l.send(method, path, body)
	l.check(err)
	l.check(json.Unmarshal(answer, &value))
	return value
}

func (l *lab) certificate() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	l.check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(hub)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	l.check(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	l.check(err)
	for name, block := range map[string]*pem.Block{
		"tls.pem": {Type: "CERTIFICATE", Bytes: der}, "tls.key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		l.check(os.WriteFile(filepath.Join(l.folder, name), pem.EncodeToMemory(block), 0o600))
	}
	_, err = tls.LoadX509KeyPair(l.folder+"/tls.pem", l.folder+"/tls.key")
	l.check(err)
}
