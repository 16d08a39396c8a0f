package options

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// Load reads the node's configuration: config.yaml and its .d folder, then the environment, then
// flags, each overriding what came before. Every problem is reported at once.
func Load(role Role, args []string) (*Options, error) {
	o := defaults(role)
	flags, problems := splitFlags(args)
	file, named := ConfigFile, false
	if value := os.Getenv("K3S_CONFIG_FILE"); value != "" {
		file, named = value, true
	}
	rest := flags[:0]
	for _, f := range flags {
		if f.name == "config" || f.name == "c" {
			file, named = f.value, true
			continue
		}
		rest = append(rest, f)
	}
	fromFiles, err := readFiles(file, named)
	if err != nil {
		problems = append(problems, err)
	}
	problems = append(problems, o.apply(fromFiles, fromEnvironment(o), rest)...)
	problems = append(problems, o.complete()...)
	return o, errors.Join(problems...)
}

// setting is one value of one flag, and where it was given.
type setting struct {
	name, value, origin string
}

// apply sets the options of several layers; within a layer the values of a list add up, and a
// higher layer replaces a lower one.
func (o *Options) apply(layers ...[]setting) []error {
	var problems []error
	table := o.table()
	for _, layer := range layers {
		fresh := map[string]bool{}
		for _, s := range layer {
			at := slices.IndexFunc(table, func(t option) bool { return t.name == s.name })
			if at < 0 {
				problems = append(problems, fmt.Errorf("%s: %s is not supported by this build", s.origin, s.name))
				continue
			}
			entry := table[at]
			if !slices.Contains(entry.roles, o.Role) {
				problems = append(problems, fmt.Errorf("%s: %s is not an option of k3s %s", s.origin, s.name, o.Role))
				continue
			}
			if err := entry.set(s.value, !fresh[s.name]); err != nil {
				problems = append(problems, fmt.Errorf("%s: %s: %w", s.origin, s.name, err))
			}
			fresh[s.name] = true
		}
	}
	return problems
}

func (t option) set(value string, first bool) error {
	switch {
	case t.text != nil:
		*t.text = value
	case t.truth != nil:
		truth, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", value)
		}
		*t.truth = truth
	default:
		if first {
			*t.list = nil
		}
		*t.list = append(*t.list, value)
	}
	return nil
}

func splitFlags(args []string) ([]setting, []error) {
	truths := map[string]bool{}
	for _, t := range (&Options{}).table() {
		truths[t.name] = t.truth != nil
	}
	var found []setting
	var problems []error
	for i := 0; i < len(args); i++ {
		name := strings.TrimPrefix(strings.TrimPrefix(args[i], "-"), "-")
		if name == args[i] || name == "" {
			problems = append(problems, fmt.Errorf("argument %q is not a flag", args[i]))
			continue
		}
		name, value, given := strings.Cut(name, "=")
		if !given {
			switch {
			case truths[name]:
				value = "true"
			case i+1 < len(args) && !strings.HasPrefix(args[i+1], "-"):
				i++
				value = args[i]
			default:
				problems = append(problems, fmt.Errorf("flag --%s has no value or is not supported by this build", name))
				continue
			}
		}
		found = append(found, setting{name: name, value: value, origin: "flags"})
	}
	return found, problems
}

func fromEnvironment(o *Options) []setting {
	var found []setting
	for _, t := range o.table() {
		if value, ok := os.LookupEnv(t.env); t.env != "" && ok && value != "" && slices.Contains(t.roles, o.Role) {
			found = append(found, setting{name: t.name, value: value, origin: "environment " + t.env})
		}
	}
	return found
}

// readFiles reads config.yaml and the files of config.yaml.d in order of their names: a later file
// replaces a key, and "key+" adds to it. A file named by the user must exist.
func readFiles(file string, named bool) ([]setting, error) {
	files := []string{file}
	more, err := filepath.Glob(file + ".d/*.yaml")
	if err != nil {
		return nil, err
	}
	slices.Sort(more)
	values := map[string][]setting{}
	for i, name := range append(files, more...) {
		text, err := os.ReadFile(name)
		if os.IsNotExist(err) && i == 0 && !named {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := parseFile(name, text, values); err != nil {
			return nil, err
		}
	}
	var found []setting
	for _, key := range slices.Sorted(maps.Keys(values)) {
		found = append(found, values[key]...)
	}
	return found, nil
}

func parseFile(origin string, text []byte, into map[string][]setting) error {
	var content map[string]any
	if err := yaml.Unmarshal(text, &content); err != nil {
		return fmt.Errorf("%s: %w", origin, err)
	}
	for key, value := range content {
		name, adds := strings.CutSuffix(key, "+")
		var fresh []setting
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, item := range list {
			if item == nil {
				continue
			}
			fresh = append(fresh, setting{name: name, value: fmt.Sprint(item), origin: origin})
		}
		if adds {
			fresh = append(slices.Clone(into[name]), fresh...)
		}
		into[name] = fresh
	}
	return nil
}

// complete fills in defaults that depend on the machine, and validates the options.
func (o *Options) complete() []error {
	var problems []error
	refuse := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if o.NodeName == "" {
		host, err := os.Hostname()
		if err != nil {
			refuse("node-name is not set and the host has no name: %w", err)
		}
		o.NodeName = host
	}
	o.NodeName = strings.ToLower(o.NodeName)
	for name, value := range map[string]string{
		"node-ip": o.NodeIP, "advertise-address": o.AdvertiseAddress, "node-external-ip": o.NodeExternalIP,
	} {
		if value == "" {
			continue
		}
		if address, err := netip.ParseAddr(value); err != nil || !address.Is4() {
			refuse("%s: %q is not an IPv4 address; this build has no IPv6", name, value)
		}
	}
	for _, secret := range []struct {
		name, file string
		value      *string
	}{{"token-file", o.TokenFile, &o.Token}, {"agent-token-file", o.AgentTokenFile, &o.AgentToken}} {
		if *secret.value == "" && secret.file != "" {
			text, err := os.ReadFile(secret.file)
			if err != nil {
				refuse("%s: %w", secret.name, err)
			}
			*secret.value = strings.TrimSpace(string(text))
		}
	}
	if o.FlannelConfig != "" {
		if err := checkFlannel(o.FlannelConfig); err != nil {
			refuse("flannel-conf: %w", err)
		}
	}
	if o.Role == Agent {
		if !strings.HasPrefix(o.ServerURL, "https://") {
			refuse("server: %q is not an https address of a server", o.ServerURL)
		}
		if o.Token == "" {
			refuse("token or token-file is required")
		}
		return problems
	}
	return append(problems, o.completeServer()...)
}

// flannelBackends are those whose code is in this build. "none" is not among them: the images of networks
// that take flannel's place cannot be had where this build is used, so no node of it would become Ready.
var flannelBackends = []string{"vxlan", "host-gw"}

// checkFlannel rejects what this build does not support in flannel's configuration.
func checkFlannel(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var config struct {
		EnableIPv6 bool
		Backend    struct{ Type string }
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if !slices.Contains(flannelBackends, config.Backend.Type) {
		return fmt.Errorf("%s: backend %q is not supported by this build, only %s", file, config.Backend.Type,
			strings.Join(flannelBackends, " and "))
	}
	if config.EnableIPv6 {
		return fmt.Errorf("%s: EnableIPv6: this build has no IPv6", file)
	}
	return nil
}

func (o *Options) completeServer() []error {
	var problems []error
	refuse := func(format string, values ...any) { problems = append(problems, fmt.Errorf(format, values...)) }
	if _, err := netip.ParsePrefix(o.ClusterCIDR); err != nil {
		refuse("cluster-cidr: %w", err)
	}
	services, err := netip.ParsePrefix(o.ServiceCIDR)
	if err != nil {
		refuse("service-cidr: %w", err)
	} else if o.ClusterDNS == "" {
		address := services.Masked().Addr()
		for range 10 {
			address = address.Next()
		}
		o.ClusterDNS = address.String()
	}
	if !slices.Contains(flannelBackends, o.FlannelBackend) {
		refuse("flannel-backend: %q is not supported by this build, only %s", o.FlannelBackend, strings.Join(flannelBackends, " and "))
	}
	if o.EgressMode != "disabled" {
		refuse("egress-selector-mode: %q is not supported by this build, only disabled", o.EgressMode)
	}
	if _, err := strconv.ParseUint(o.KubeconfigMode, 8, 32); err != nil {
		refuse("write-kubeconfig-mode: %q is not an octal file mode", o.KubeconfigMode)
	}
	known := []string{"traefik", "servicelb", "coredns", "local-storage", "metrics-server"}
	for _, list := range o.DisabledAddons {
		for name := range strings.SplitSeq(list, ",") {
			if !slices.Contains(known, name) {
				refuse("disable: %q is not an add-on; known: %s", name, strings.Join(known, ", "))
			}
		}
	}
	return problems
}

// Disabled reports whether an add-on is disabled.
func (o *Options) Disabled(addon string) bool {
	return slices.Contains(strings.Split(strings.Join(o.DisabledAddons, ","), ","), addon)
}
