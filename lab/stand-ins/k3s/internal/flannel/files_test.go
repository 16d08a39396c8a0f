package flannel

import (
	"strings"
	"testing"
)

func TestConflistNamesSubnetAndMTU(t *testing.T) {
	text, err := conflist("10.42.1.0/24", "10.42.0.0/16", 1370)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"mtu": 1370`, `"subnet": "10.42.1.0/24"`, `"dst": "10.42.0.0/16"`, `"type": "portmap"`} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s is missing in %s", part, text)
		}
	}
}

func TestParse(t *testing.T) {
	if got := parse("10.42.1.1/24").String(); got != "10.42.1.0/24" {
		t.Errorf("got %s", got)
	}
	if !parse("nonsense").Empty() {
		t.Error("nonsense was taken")
	}
}
