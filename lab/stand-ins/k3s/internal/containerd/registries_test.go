package containerd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func parse(t *testing.T, text string) *registries {
	t.Helper()
	content, err := parseRegistries([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestMirrorsBecomeHosts(t *testing.T) {
	files := parse(t, `
mirrors:
  docker.io:
    endpoint: ["http://192.0.2.10:5000", "https://mirror.example/proxy/v2/"]
  registry.example:5000:
    endpoint: ["https://other.example"]
  "*":
    endpoint: ["http://192.0.2.10:5000"]
`).hosts()
	want := `# Written at start from registries.yaml.
server = "https://registry-1.docker.io"

[host]

[host."http://192.0.2.10:5000"]
capabilities = ["pull", "resolve"]

[host."https://mirror.example/proxy/v2"]
capabilities = ["pull", "resolve"]
override_path = true
`
	if files["docker.io"] != want {
		t.Errorf("docker.io:\n%s", files["docker.io"])
	}
	if !strings.Contains(files["registry.example:5000"], `server = "https://registry.example:5000"`) {
		t.Errorf("registry.example:\n%s", files["registry.example:5000"])
	}
	if strings.Contains(files["_default"], "server") {
		t.Errorf("_default:\n%s", files["_default"])
	}
}

// written is a file as components/k3s/registries.ts writes it, whose test holds it against this one.
func written(t *testing.T) *registries {
	t.Helper()
	content, err := readRegistries("testdata/registries.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestLoginsAreOfHosts(t *testing.T) {
	got := written(t).logins()
	want := `
[plugins."io.containerd.grpc.v1.cri".registry.configs."docker.io".auth]
username = "me"
password = "hub's"

[plugins."io.containerd.grpc.v1.cri".registry.configs."private.example:5000".auth]
username = "ci"
password = "a\"b\\c"

[plugins."io.containerd.grpc.v1.cri".registry.configs."registry-1.docker.io".auth]
username = "me"
password = "hub's"
`
	if got != want {
		t.Errorf("%s", got)
	}
	if text := configuration("pause", host{}, written(t)); !strings.HasSuffix(text, want) {
		t.Errorf("%s", text)
	}
	if parse(t, "").logins() != "" {
		t.Error("a login without one")
	}
}

func TestDockerHubHasOneLogin(t *testing.T) {
	for _, name := range []string{dockerHub, dockerHubHost} {
		text := parse(t, "configs: {"+name+": {auth: {username: me, password: x}}}\n").logins()
		for _, known := range []string{dockerHub, dockerHubHost} {
			if !strings.Contains(text, "configs.\""+known+"\".auth]") {
				t.Errorf("a login of %s is none of %s: %s", name, known, text)
			}
		}
	}
}

func TestAuthoritiesAreOfHosts(t *testing.T) {
	files := written(t).hosts()
	want := `# Written at start from registries.yaml.
server = "https://private.example:5000"
ca = ["/etc/rancher/k3s/registries/private.example_5000.pem"]

[host]
`
	if files["private.example:5000"] != want {
		t.Errorf("%s", files["private.example:5000"])
	}
	mirrored := files["elsewhere.example"]
	if strings.Count(mirrored, "ca = ") != 1 || !strings.HasSuffix(mirrored,
		"capabilities = [\"pull\", \"resolve\"]\nca = [\"/etc/rancher/k3s/registries/private.example_5000.pem\"]\n") {
		t.Errorf("%s", mirrored)
	}
	if _, written := files["docker.io"]; written {
		t.Error("a file that says nothing")
	}
	for name, text := range files {
		if strings.Contains(text, "hub's") || strings.Contains(text, "a\\\"b") {
			t.Errorf("%s has a password", name)
		}
	}
}

func TestUnsupportedIsNamedWithoutItsValue(t *testing.T) {
	_, err := parseRegistries([]byte(`
mirrors: {docker.io: {endpoint: ['ftp://x'], rewrite: {a: b}}}
configs:
  x.example:
    auth: {auth: hush, identity_token: hush}
    tls: {cert_file: hush, key_file: hush, insecure_skip_verify: true}
  "*": {}
`))
	if err == nil {
		t.Fatal("nothing refused")
	}
	for _, part := range []string{"ftp://x", "mirrors.docker.io.rewrite", "configs.x.example.auth.auth",
		"configs.x.example.auth.identity_token", "configs.x.example.tls.cert_file", "configs.x.example.tls.key_file",
		"configs.x.example.tls.insecure_skip_verify", "configs.*"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in %v", part, err)
		}
	}
	if strings.Contains(err.Error(), "hush") {
		t.Errorf("a value is told: %v", err)
	}
	if _, err := parseRegistries([]byte("mirror: {}\n")); err == nil {
		t.Error("an unknown key was taken")
	}
	if _, err := parseRegistries([]byte("configs: {x.example: {auth: {username: a, secret: hush}}}\n")); err == nil {
		t.Error("an unknown field of a login was taken")
	} else if strings.Contains(err.Error(), "hush") {
		t.Errorf("a value is told: %v", err)
	}
}

func TestHostsFollowTheFile(t *testing.T) {
	folder := t.TempDir()
	file, into := filepath.Join(folder, "registries.yaml"), filepath.Join(folder, "certs.d")
	write := func() {
		t.Helper()
		content, err := readRegistries(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := content.writeHosts(into); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, []byte("mirrors: {docker.io: {endpoint: ['http://a:1']}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	write()
	if _, err := os.Stat(filepath.Join(into, "docker.io", "hosts.toml")); err != nil {
		t.Error(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	write()
	if _, err := os.Stat(filepath.Join(into, "docker.io")); !os.IsNotExist(err) {
		t.Error("the mirror stayed")
	}
}
