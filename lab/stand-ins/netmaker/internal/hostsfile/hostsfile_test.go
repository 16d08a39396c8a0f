package hostsfile

import (
	"os"
	"path/filepath"
	"testing"

	"fogline/lab/netmaker/internal/model"
)

func TestNamesComeAndGoWithoutTouchingTheRest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts")
	const own = "127.0.0.1 localhost\n10.0.0.9 printer" // no line break at the end
	if err := os.WriteFile(path, []byte(own), 0o644); err != nil {
		t.Fatal(err)
	}
	pi := model.DNSEntry{Name: "raspberrypi.netmaker", Address: "10.101.2.1", Address6: "fd00::2"}
	for range 2 {
		if err := Write(path, []model.DNSEntry{pi}); err != nil {
			t.Fatal(err)
		}
		want := own + "\n" + begin + "\n10.101.2.1 raspberrypi.netmaker\nfd00::2 raspberrypi.netmaker\n" + end + "\n"
		if got, _ := os.ReadFile(path); string(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := Write(path, nil); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != own+"\n" {
		t.Errorf("left %q", got)
	}
}
