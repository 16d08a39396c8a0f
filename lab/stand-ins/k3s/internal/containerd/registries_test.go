package containerd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMirrorsBecomeHosts(t *testing.T) {
	files, err := hosts([]byte(`
mirrors:
  docker.io:
    endpoint: ["http://192.0.2.10:5000", "https://mirror.example/proxy/v2/"]
  registry.example:5000:
    endpoint: ["https://other.example"]
  "*":
    endpoint: ["http://192.0.2.10:5000"]
`))
	if err != nil {
		t.Fatal(err)
	}
	want := `# Written at start from registries.yaml.
server = "https://registry-1.docker.io"

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

func TestUnsupportedIsNamed(t *testing.T) {
	_, err := hosts([]byte("mirrors: {docker.io: {endpoint: ['ftp://x'], rewrite: {a: b}}}\nconfigs: {x.example: {auth: {}}}\n"))
	if err == nil {
		t.Fatal("nothing refused")
	}
	for _, part := range []string{"ftp://x", "mirrors.docker.io.rewrite", "configs.x.example"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in %v", part, err)
		}
	}
	if _, err := hosts([]byte("mirror: {}\n")); err == nil {
		t.Error("an unknown key was taken")
	}
}

func TestHostsFollowTheFile(t *testing.T) {
	folder := t.TempDir()
	file, into := filepath.Join(folder, "registries.yaml"), filepath.Join(folder, "certs.d")
	if err := os.WriteFile(file, []byte("mirrors: {docker.io: {endpoint: ['http://a:1']}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeHosts(file, into); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(into, "docker.io", "hosts.toml")); err != nil {
		t.Error(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := writeHosts(file, into); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(into, "docker.io")); !os.IsNotExist(err) {
		t.Error("the mirror stayed")
	}
}
