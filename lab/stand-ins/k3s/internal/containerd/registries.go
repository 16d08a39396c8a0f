package containerd

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"fogline/lab/k3s/internal/pki"
)

// registries is the part of registries.yaml that this build supports.
type registries struct {
	Mirrors map[string]mirror `json:"mirrors"`
	Configs map[string]any    `json:"configs"`
}

type mirror struct {
	Endpoints []string       `json:"endpoint"`
	Rewrites  map[string]any `json:"rewrite"`
}

// hosts translates registries.yaml into the text of a hosts.toml for each folder of certs.d.
// An unsupported field is an error that names it.
func hosts(text []byte) (map[string]string, error) {
	var content registries
	if err := yaml.UnmarshalStrict(text, &content); err != nil {
		return nil, err
	}
	var problems []error
	for name := range content.Configs {
		problems = append(problems, fmt.Errorf("configs.%s is not supported by this build", name))
	}
	files := map[string]string{}
	for registry, entry := range content.Mirrors {
		if len(entry.Rewrites) > 0 {
			problems = append(problems, fmt.Errorf("mirrors.%s.rewrite is not supported by this build", registry))
		}
		file, err := hostsFile(registry, entry.Endpoints)
		if err != nil {
			problems = append(problems, fmt.Errorf("mirrors.%s: %w", registry, err))
		}
		files[folder(registry)] = file
	}
	return files, errors.Join(problems...)
}

// folder is where containerd looks for a registry's hosts.toml.
func folder(registry string) string {
	if registry == "*" {
		return "_default"
	}
	return registry
}

// hostsFile names the mirrors in their order; the registry itself is asked last.
func hostsFile(registry string, endpoints []string) (string, error) {
	var text strings.Builder
	text.WriteString("# Written at start from registries.yaml.\n")
	switch registry {
	case "*":
	case "docker.io":
		text.WriteString("server = \"https://registry-1.docker.io\"\n")
	default:
		fmt.Fprintf(&text, "server = %q\n", "https://"+registry)
	}
	for _, endpoint := range endpoints {
		address, err := url.Parse(endpoint)
		if err != nil {
			return "", err
		}
		if (address.Scheme != "http" && address.Scheme != "https") || address.Host == "" {
			return "", fmt.Errorf("endpoint %q is not an http or https address", endpoint)
		}
		path := strings.TrimSuffix(address.Path, "/")
		fmt.Fprintf(&text, "\n[host.%q]\ncapabilities = [\"pull\", \"resolve\"]\n", address.Scheme+"://"+address.Host+path)
		if path != "" {
			// The user's URL is the path of the registry's API; containerd must not append /v2.
			text.WriteString("override_path = true\n")
		}
	}
	return text.String(), nil
}

// writeHosts makes the directory match registries.yaml, which need not exist.
func writeHosts(registriesFile, into string) error {
	text, err := os.ReadFile(registriesFile)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	files, err := hosts(text)
	if err != nil {
		return fmt.Errorf("%s: %w", registriesFile, err)
	}
	if err := os.RemoveAll(into); err != nil {
		return err
	}
	for name, content := range files {
		if err := pki.WriteFile(filepath.Join(into, name, "hosts.toml"), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}
