package firewall

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"fogline/lab/netmaker/internal/model"
)

func ranges(t *testing.T, texts ...string) (found []net.IPNet) {
	for _, text := range texts {
		_, parsed, err := net.ParseCIDR(text)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, *parsed)
	}
	return found
}

func update(t *testing.T) model.FwUpdate {
	everybody := ranges(t, "10.101.0.0/16")
	return model.FwUpdate{
		AclRules: map[string]model.FwRule{
			"web":  {IPList: everybody, Dst: ranges(t, "10.101.0.1/32", "10.10.1.0/24"), Protocol: "tcp", Ports: []string{"80", "8000-8080"}},
			"ping": {IPList: everybody, Dst: everybody, Protocol: "icmp"},
			"six":  {IP6List: ranges(t, "fd00::/64"), Dst6: ranges(t, "fd00::1/128"), Protocol: "all"},
			"udp":  {IPList: everybody, Dst: everybody, Protocol: "udp"},
			"none": {IPList: everybody, Protocol: "all"},
		},
		EgressInfo: []model.EgressNat{{Network: everybody[0], Range: ranges(t, "10.10.1.0/24")[0]}},
	}
}

func TestWhatNoRuleAllowsIsDropped(t *testing.T) {
	script := Script("netmaker", update(t))
	for _, line := range []string{
		"ip saddr { 10.101.0.0/16 } ip daddr { 10.101.0.1/32, 10.10.1.0/24 } tcp dport { 80, 8000-8080 } accept",
		"ip6 saddr { fd00::/64 } ip6 daddr { fd00::1/128 } accept",
		`oifname != "netmaker" ip saddr 10.101.0.0/16 ip daddr 10.10.1.0/24 masquerade`,
		"drop\n",
	} {
		if !strings.Contains(script, line) {
			t.Errorf("no line %q in\n%s", line, script)
		}
	}
	if strings.Contains(script, "6443") {
		t.Errorf("6443 in\n%s", script)
	}
}

func TestWithoutRulesNothingIsDropped(t *testing.T) {
	if script := Script("netmaker", model.FwUpdate{AllowAll: true}); strings.Contains(script, "drop") {
		t.Errorf("drops in\n%s", script)
	}
}

func TestNftTakesTheScript(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: nft reads the kernel's tables even to check")
	}
	command := exec.Command("nft", "-c", "-f", "-")
	command.Stdin = strings.NewReader(Script("netmaker", update(t)))
	if said, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}
