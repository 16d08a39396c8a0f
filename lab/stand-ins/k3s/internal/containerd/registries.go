package containerd

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"fogline/lab/k3s/internal/pki"
)

// dockerHub is the registry of images that name none, dockerHubHost the host that it is asked at. K3s takes
// a login of either for both (k3s-io/k3s#12561); containerd looks for that of the host.
const (
	dockerHub     = "docker.io"
	dockerHubHost = "registry-1.docker.io"
)

// registries is the part of registries.yaml that this build supports.
type registries struct {
	Mirrors map[string]mirror         `json:"mirrors"`
	Configs map[string]registryConfig `json:"configs"`
}

type mirror struct {
	Endpoints []string       `json:"endpoint"`
	Rewrites  map[string]any `json:"rewrite"`
}

type registryConfig struct {
	Auth *auth `json:"auth"`
	TLS  *tls  `json:"tls"`
}

type auth struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Auth     string `json:"auth"`
	Token    string `json:"identity_token"`
}

type tls struct {
	Authority   string `json:"ca_file"`
	Certificate string `json:"cert_file"`
	Key         string `json:"key_file"`
	SkipVerify  bool   `json:"insecure_skip_verify"`
}

// endpoint is a host that containerd asks, and how.
type endpoint struct {
	url          string
	authority    string
	overridePath bool
}

// readRegistries reads registries.yaml, which need not exist. An unsupported field is an error that names it
// and none of the values.
func readRegistries(file string) (*registries, error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	content, err := parseRegistries(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return content, nil
}

func parseRegistries(text []byte) (*registries, error) {
	content := &registries{}
	if err := yaml.UnmarshalStrict(text, content); err != nil {
		return nil, err
	}
	var problems []error
	unsupported := func(used bool, field string) {
		if used {
			problems = append(problems, fmt.Errorf("%s is not supported by this build", field))
		}
	}
	for name, entry := range content.Mirrors {
		unsupported(len(entry.Rewrites) > 0, "mirrors."+name+".rewrite")
		for _, each := range entry.Endpoints {
			if _, err := endpointOf(each); err != nil {
				problems = append(problems, fmt.Errorf("mirrors.%s: %w", name, err))
			}
		}
	}
	for name, entry := range content.Configs {
		if login := entry.Auth; login != nil {
			unsupported(login.Auth != "", "configs."+name+".auth.auth")
			unsupported(login.Token != "", "configs."+name+".auth.identity_token")
		}
		if secured := entry.TLS; secured != nil {
			unsupported(secured.Certificate != "", "configs."+name+".tls.cert_file")
			unsupported(secured.Key != "", "configs."+name+".tls.key_file")
			unsupported(secured.SkipVerify, "configs."+name+".tls.insecure_skip_verify")
		}
		unsupported(name == "*", "configs.*")
	}
	return content, errors.Join(problems...)
}

// logins is the part of containerd's configuration with names and passwords, which it reads at its start alone.
func (r *registries) logins() string {
	all := map[string]*auth{}
	for name, entry := range r.Configs {
		if entry.Auth != nil {
			all[name] = entry.Auth
		}
	}
	// As images name it and as it is asked; where both are given, each has its own.
	for one, other := range map[string]string{dockerHub: dockerHubHost, dockerHubHost: dockerHub} {
		entry, given := r.Configs[one]
		if _, has := r.Configs[other]; given && !has && entry.Auth != nil {
			all[other] = entry.Auth
		}
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&text, "\n[plugins.\"io.containerd.grpc.v1.cri\".registry.configs.%q.auth]\n", name)
		fmt.Fprintf(&text, "username = %q\npassword = %q\n", all[name].Username, all[name].Password)
	}
	return text.String()
}

// hosts is the text of a hosts.toml for each folder of certs.d, which containerd reads at each pull.
func (r *registries) hosts() map[string]string {
	names := map[string]bool{}
	for name := range r.Mirrors {
		names[name] = true
	}
	for name := range r.Configs {
		names[name] = true
	}
	files := map[string]string{}
	for name := range names {
		var mirrors []endpoint
		for _, each := range r.Mirrors[name].Endpoints {
			found, _ := endpointOf(each) // read before, without an error
			found.authority = r.authority(hostOf(found.url))
			mirrors = append(mirrors, found)
		}
		own := endpoint{url: serverOf(name), authority: r.authority(name)}
		// K3s writes no file that would say what holds without it.
		if len(mirrors) > 0 || own.authority != "" {
			files[folder(name)] = hostsFile(own, mirrors)
		}
	}
	return files
}

// authority is the file of the certificate authority that a host is checked against, if it is another one than
// the system's.
func (r *registries) authority(host string) string {
	if host == dockerHubHost {
		if _, given := r.Configs[host]; !given {
			host = dockerHub
		}
	}
	if secured := r.Configs[host].TLS; secured != nil {
		return secured.Authority
	}
	return ""
}

func endpointOf(text string) (endpoint, error) {
	address, err := url.Parse(text)
	if err != nil {
		return endpoint{}, err
	}
	if (address.Scheme != "http" && address.Scheme != "https") || address.Host == "" {
		return endpoint{}, fmt.Errorf("endpoint %q is not an http or https address", text)
	}
	path := strings.TrimSuffix(address.Path, "/")
	// The user's URL is the path of the registry's API; containerd must not append /v2.
	return endpoint{url: address.Scheme + "://" + address.Host + path, overridePath: path != ""}, nil
}

func hostOf(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// serverOf is where a registry itself is asked; that of all others is not known.
func serverOf(registry string) string {
	switch registry {
	case "*":
		return ""
	case dockerHub:
		return "https://" + dockerHubHost
	default:
		return "https://" + registry
	}
}

// folder is where containerd looks for a registry's hosts.toml.
func folder(registry string) string {
	if registry == "*" {
		return "_default"
	}
	return registry
}

// hostsFile names the mirrors in their order; the registry itself is asked last.
func hostsFile(own endpoint, mirrors []endpoint) string {
	var text strings.Builder
	text.WriteString("# Written at start from registries.yaml.\n")
	if own.url != "" {
		fmt.Fprintf(&text, "server = %q\n", own.url)
	}
	if own.authority != "" {
		fmt.Fprintf(&text, "ca = [%q]\n", own.authority)
	}
	// Without this table containerd refuses a file that names no host (containerd/containerd#10027).
	text.WriteString("\n[host]\n")
	for _, each := range mirrors {
		fmt.Fprintf(&text, "\n[host.%q]\ncapabilities = [\"pull\", \"resolve\"]\n", each.url)
		if each.overridePath {
			text.WriteString("override_path = true\n")
		}
		if each.authority != "" {
			fmt.Fprintf(&text, "ca = [%q]\n", each.authority)
		}
	}
	return text.String()
}

// writeHosts makes the directory match registries.yaml.
func (r *registries) writeHosts(into string) error {
	if err := os.RemoveAll(into); err != nil {
		return err
	}
	for name, content := range r.hosts() {
		if err := pki.WriteFile(filepath.Join(into, name, "hosts.toml"), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}
