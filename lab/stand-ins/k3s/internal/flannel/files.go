package flannel

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/flannel-io/flannel/pkg/ip"

	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/pki"
)

// previous reads what flannel wrote when it last ran; both are empty when it never did.
func previous() (network, subnet ip.IP4Net) {
	text, err := os.ReadFile(layout.FlannelSubnet)
	if err != nil {
		return network, subnet
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "FLANNEL_NETWORK":
			network = parse(value)
		case "FLANNEL_SUBNET":
			subnet = parse(value)
		}
	}
	return network, subnet
}

// parse returns the network of an address with a prefix length.
func parse(text string) ip.IP4Net {
	var parsed ip.IP4Net
	if err := parsed.UnmarshalJSON([]byte(`"` + text + `"`)); err != nil {
		return ip.IP4Net{}
	}
	return parsed.Network()
}

// writeConflist writes the CNI configuration of the pods' network. It names the plugins to which
// flannel's own CNI plugin would delegate.
func writeConflist(subnet, cluster string, mtu int) error {
	text, err := conflist(subnet, cluster, mtu)
	if err != nil {
		return err
	}
	return pki.WriteFile(filepath.Join(layout.NetworkConfigDir, "10-flannel.conflist"), text, 0o644)
}

func conflist(subnet, cluster string, mtu int) ([]byte, error) {
	type object = map[string]any
	return json.MarshalIndent(object{
		"name":       "cbr0",
		"cniVersion": "1.0.0",
		"plugins": []object{
			{
				"type":             "bridge",
				"bridge":           "cni0",
				"mtu":              mtu,
				"hairpinMode":      true,
				"isDefaultGateway": true,
				"forceAddress":     true,
				"ipMasq":           false,
				"ipam": object{
					"type":   "host-local",
					"ranges": [][]object{{{"subnet": subnet}}},
					"routes": []object{{"dst": cluster}},
				},
			},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
			{"type": "bandwidth", "capabilities": object{"bandwidth": true}},
		},
	}, "", "  ")
}
