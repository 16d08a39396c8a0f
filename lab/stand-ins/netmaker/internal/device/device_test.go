package device

import (
	"net"
	"testing"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

func key(t *testing.T) wgtypes.Key {
	made, err := wgtypes.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func ranges(texts ...string) (found []net.IPNet) {
	for _, text := range texts {
		_, parsed, _ := net.ParseCIDR(text)
		found = append(found, *parsed)
	}
	return found
}

func TestWhatIsRightIsNotTouched(t *testing.T) {
	pi, gone, fresh := key(t), key(t), key(t)
	keepalive := 20 * time.Second
	told := &net.UDPAddr{IP: net.ParseIP("203.0.113.9"), Port: 51821}
	current := &wgtypes.Device{PrivateKey: key(t), ListenPort: 51821, Peers: []wgtypes.Peer{
		// The Pi has moved: its endpoint is not the one that the server told.
		{PublicKey: pi, Endpoint: &net.UDPAddr{IP: net.ParseIP("192.0.2.7"), Port: 4}, PersistentKeepaliveInterval: keepalive, AllowedIPs: ranges("10.101.2.1/32", "10.0.0.0/24")},
		{PublicKey: gone},
	}}
	wanted := Config{PrivateKey: current.PrivateKey, ListenPort: 51821, Peers: []wgtypes.PeerConfig{
		{PublicKey: pi, Endpoint: told, PersistentKeepaliveInterval: &keepalive, AllowedIPs: ranges("10.0.0.0/24", "10.101.2.1/32")},
		{PublicKey: fresh, Endpoint: told, AllowedIPs: ranges("10.101.1.1/32")},
	}}
	known := map[wgtypes.Key]string{pi: told.String()}

	changes := Changes(current, wanted, known)
	if changes.PrivateKey != nil || changes.ListenPort != nil || changes.ReplacePeers || len(changes.Peers) != 2 {
		t.Fatalf("%+v", changes)
	}
	if added := changes.Peers[0]; added.PublicKey != fresh || added.Endpoint != told {
		t.Errorf("%+v", added)
	}
	if removed := changes.Peers[1]; removed.PublicKey != gone || !removed.Remove {
		t.Errorf("%+v", removed)
	}

	moved := *told
	moved.Port = 51900
	wanted.Peers[0].Endpoint, wanted.Peers[0].AllowedIPs = &moved, ranges("10.101.2.1/32")
	change := Changes(current, wanted, known).Peers[0]
	if change.Endpoint.Port != 51900 || !change.ReplaceAllowedIPs || !change.UpdateOnly || change.PersistentKeepaliveInterval != nil {
		t.Errorf("%+v", change)
	}
}
