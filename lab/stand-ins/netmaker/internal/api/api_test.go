package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/settings"
	"fogline/lab/netmaker/internal/store"
)

type object = map[string]any

const masterKey = "a-master-key-for-tests"

// testServer is a server with a real database.
type testServer struct {
	t     *testing.T
	path  string
	db    *store.Store
	web   *httptest.Server
	token string
	// changes counts what the broker is told.
	changes int
	server  *Server
	// manageDNS is the server's setting.
	manageDNS bool
	// services are asked for the server's address.
	services []string
}

func newTestServer(t *testing.T) *testServer {
	b := &testServer{t: t, path: filepath.Join(t.TempDir(), "netmaker.db"), token: masterKey, manageDNS: true}
	b.start()
	t.Cleanup(b.stop)
	return b
}

func (b *testServer) start() {
	b.t.Helper()
	var err error
	if b.db, err = store.Open(b.path); err != nil {
		b.t.Fatal(err)
	}
	s := settings.Settings{Server: "test", APIConn: "api.test:443", MasterKey: masterKey, TokenLife: time.Hour, DefaultDomain: "nm.internal", ManageDNS: b.manageDNS, AddressServices: b.services}
	// The broker is down in all these tests: the API must work without it.
	server, err := New(s, b.db, func() { b.changes++ }, func() bool { return false })
	if err != nil {
		b.t.Fatal(err)
	}
	b.server = server
	b.web = httptest.NewServer(server.Handler())
}

func (b *testServer) stop() {
	b.web.Close()
	b.server.Wait()
	b.db.Close()
}

// send calls the API and returns status and body.
func (b *testServer) send(method, path string, body any) (int, string) {
	b.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	request, err := http.NewRequest(method, b.web.URL+path, bytes.NewReader(text))
	if err != nil {
		b.t.Fatal(err)
	}
	if b.token != "" {
		request.Header.Set("Authorization", "Bearer "+b.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// ok calls the API and reads the answer.
func ok[T any](b *testServer, method, path string, body any) (value T) {
	b.t.Helper()
	status, answer := b.send(method, path, body)
	if status != http.StatusOK {
		b.t.Fatalf("%s %s: %d: %s", method, path, status, answer)
	}
	if err := json.Unmarshal([]byte(answer), &value); err != nil {
		b.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
	}
	return value
}

func (b *testServer) refused(status int, message, method, path string, body any) {
	b.t.Helper()
	got, answer := b.send(method, path, body)
	if got != status || !strings.Contains(answer, message) {
		b.t.Errorf("%s %s: %d %s, want %d %q", method, path, got, answer, status, message)
	}
}

func (b *testServer) network() {
	b.t.Helper()
	ok[model.Network](b, "POST", "/api/networks", object{"netid": "netmaker", "addressrange": "10.101.0.0/16"})
}

func (b *testServer) key() string {
	b.t.Helper()
	return ok[[]model.EnrollmentKey](b, "GET", "/api/v1/enrollment-keys", nil)[0].Token
}

type login struct{ Response struct{ AuthToken string } }

const hostID = "11111111-2222-4333-8444-555555555555"

func machine(password string) object {
	return object{
		"id": hostID, "name": "master", "version": "v1.5.1", "os": "linux", "hostpass": password,
		"traffickeypublic": bytes.Repeat([]byte{7}, 32), "endpointip": "192.0.2.1", "listenport": 51821, "mtu": 1420,
	}
}

func TestAFullDiskAnswers500AndChangesNothing(t *testing.T) {
	b := newTestServer(t)
	b.network()
	if err := b.db.Limit(1); err != nil {
		t.Fatal(err)
	}
	changes, full := b.changes, 0
	for i := range 40 {
		record := object{"name": strings.Repeat("n", 150) + string(rune('a'+i%26)) + string(rune('a'+i/26)), "address": "10.101.0.9"}
		if status, answer := b.send("POST", "/api/dns/netmaker", record); status == http.StatusInternalServerError {
			full++
			if !strings.Contains(answer, "full") {
				t.Errorf("answer %s", answer)
			}
		} else {
			changes++
		}
	}
	if full == 0 || b.changes != changes {
		t.Errorf("%d refusals, %d changes told of %d", full, b.changes, changes)
	}
	kept := ok[[]model.DNSEntry](b, "GET", "/api/dns/adm/netmaker", nil)
	if len(kept) != 40-full {
		t.Errorf("%d kept of %d", len(kept), 40-full)
	}
	if err := b.db.Limit(0); err != nil {
		t.Fatal(err)
	}
	ok[model.DNSEntry](b, "POST", "/api/dns/netmaker", object{"name": "pi.netmaker", "address": "10.101.0.9"})
}

func TestARestartKeepsEverythingTokensToo(t *testing.T) {
	b := newTestServer(t)
	b.token = ""
	who := object{"username": "admin", "password": "for-this-test"}
	ok[object](b, "POST", "/api/users/adm/createsuperadmin", who)
	b.token = ok[login](b, "POST", "/api/users/adm/authenticate", who).Response.AuthToken
	b.network()
	before := b.key()
	b.stop()
	b.start()
	if after := b.key(); after != before {
		t.Errorf("key %s, was %s", after, before)
	}
}

func TestAHostIsNotTakenOverByWhoKnowsItsId(t *testing.T) {
	b := newTestServer(t)
	b.network()
	path := "/api/v1/host/register/" + b.key()
	ok[model.Registration](b, "POST", path, machine("right"))
	ok[model.Registration](b, "POST", path, machine("right"))
	b.refused(http.StatusUnauthorized, "unauthorized", "POST", path, machine("wrong"))
	b.refused(http.StatusUnauthorized, "unauthorized", "POST", "/api/hosts/adm/authenticate", object{"id": hostID, "password": "wrong"})
}

func TestAHostPullsWhatItNeedsAndNoSecretOfItsOwn(t *testing.T) {
	b := newTestServer(t)
	b.network()
	ok[model.Registration](b, "POST", "/api/v1/host/register/"+b.key(), machine("right"))
	b.server.Wait()
	b.token = ok[login](b, "POST", "/api/hosts/adm/authenticate", object{"id": hostID, "password": "right"}).Response.AuthToken
	pull := ok[model.HostPull](b, "GET", "/api/v1/host", nil)
	if len(pull.Nodes) != 1 || pull.Nodes[0].Address.String() != "10.101.0.1/16" || pull.Host.HostPass != "" {
		t.Errorf("%+v", pull)
	}
	// A host's token is no user's.
	b.refused(http.StatusUnauthorized, "unauthorized", "GET", "/api/hosts", nil)
	b.refused(http.StatusUnauthorized, "unauthorized", "DELETE", "/api/hosts/22222222-2222-4333-8444-555555555555", nil)
	ok[object](b, "DELETE", "/api/hosts/"+hostID+"?force=true", nil)
	b.refused(http.StatusUnauthorized, "unauthorized", "GET", "/api/v1/host", nil)
}

func TestWhatTheStandInHasNotIsRefusedByName(t *testing.T) {
	b := newTestServer(t)
	b.network()
	for _, body := range []object{
		{"network": "netmaker", "range": "*"},
		{"network": "netmaker", "domain": "example.com"},
		{"network": "netmaker", "range": "10.0.0.0/24", "mode": "virtual_nat"},
	} {
		b.refused(http.StatusBadRequest, "not supported by the lab's stand-in", "POST", "/api/v1/egress", body)
	}
	b.refused(http.StatusBadRequest, "default_domain", "PUT", "/api/server/settings", object{"default_domain": "other"})
}

func TestACommandOfAClientAddsNoLinesToItsFile(t *testing.T) {
	b := newTestServer(t)
	b.network()
	ok[model.Registration](b, "POST", "/api/v1/host/register/"+b.key(), machine("right"))
	b.server.Wait()
	node := ok[[]model.Node](b, "GET", "/api/nodes/netmaker", nil)[0].ID
	ok[model.Node](b, "POST", "/api/nodes/netmaker/"+node+"/gateway", object{})
	b.refused(http.StatusBadRequest, "one line", "POST", "/api/extclients/netmaker/"+node,
		object{"clientid": "visitor", "postup": "true\nPrivateKey = x"})
}

func TestARegisteredHostIsAMemberByAndBy(t *testing.T) {
	b := newTestServer(t)
	b.network()
	ok[model.Registration](b, "POST", "/api/v1/host/register/"+b.key(), machine("right"))
	if nodes := ok[[]model.Node](b, "GET", "/api/nodes/netmaker", nil); len(nodes) > 0 {
		t.Errorf("a member at once: %+v", nodes)
	}
	b.server.Wait()
	nodes := ok[[]model.Node](b, "GET", "/api/nodes/netmaker", nil)
	hosts := ok[[]model.APIHost](b, "GET", "/api/hosts", nil)
	if len(nodes) != 1 || len(hosts) != 1 || !slices.Equal(hosts[0].Nodes, []string{nodes[0].ID}) {
		t.Errorf("nodes %+v, hosts %+v", nodes, hosts)
	}
}

func TestAServerThatManagesNamesIsItsClientsNameServer(t *testing.T) {
	b := newTestServer(t)
	b.network()
	ok[model.Registration](b, "POST", "/api/v1/host/register/"+b.key(), machine("right"))
	b.server.Wait()
	node := ok[[]model.Node](b, "GET", "/api/nodes/netmaker", nil)[0].ID
	ok[model.Node](b, "POST", "/api/nodes/netmaker/"+node+"/gateway", object{"extclientdns": "192.0.2.53"})
	made := ok[model.ExtClient](b, "POST", "/api/extclients/netmaker/"+node, object{"clientid": "visitor"})
	if made.DNS != "10.101.0.1" {
		t.Errorf("DNS %q", made.DNS)
	}
	if status, file := b.send("GET", "/api/extclients/netmaker/visitor/file", nil); status != http.StatusOK || !strings.Contains(file, "\nDNS = 10.101.0.1\n") {
		t.Errorf("%d %s", status, file)
	}
	b.manageDNS = false
	b.stop()
	b.start()
	// What the client was made with stays.
	ok[model.ExtClient](b, "POST", "/api/extclients/netmaker/"+node, object{"clientid": "other"})
	for client, want := range map[string]string{"visitor": "10.101.0.1", "other": ""} {
		if found := ok[model.ExtClient](b, "GET", "/api/extclients/netmaker/"+client, nil); found.DNS != want {
			t.Errorf("%s: DNS %q, want %q", client, found.DNS, want)
		}
	}
}

func TestItAsksForItsOwnAddressForEachKeyThatItLists(t *testing.T) {
	asked := 0
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if asked%2 == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(service.Close)
	b := newTestServer(t)
	b.stop()
	// One that fails is followed by the next.
	b.services = []string{service.URL, service.URL}
	b.start()
	b.network()
	ok[model.Network](b, "POST", "/api/networks", object{"netid": "other", "addressrange": "10.102.0.0/16"})
	if asked > 0 {
		t.Errorf("asked %d times", asked)
	}
	ok[[]model.EnrollmentKey](b, "GET", "/api/v1/enrollment-keys", nil)
	if asked != 4 {
		t.Errorf("asked %d times for two keys", asked)
	}
}
