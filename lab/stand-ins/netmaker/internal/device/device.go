// Package device sets the WireGuard interface: through the kernel, or through wireguard-go where the
// kernel has no WireGuard. What is already correct is not touched, so running tunnels are not interrupted.
package device

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.zx2c4.com/wireguard/wgctrl"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// Name is the interface's.
const Name = "netmaker"

// DefaultMTU suits a path of 1500 bytes.
const DefaultMTU = 1420

// routeProtocol marks the routes that are ours.
const routeProtocol = 187

// appears is how long wireguard-go may take to make the interface.
const appears = 5 * time.Second

// Config is the desired state of the interface.
type Config struct {
	PrivateKey wgtypes.Key
	ListenPort int
	MTU        int
	// Addresses carry their network's prefix length, which makes the network's route.
	Addresses []net.IPNet
	Peers     []wgtypes.PeerConfig
	// Routes are the ranges beside the networks.
	Routes []net.IPNet
}

// Apply configures the interface. The endpoints in told, by public key, were set before and are not set
// again: a peer may have roamed since, and WireGuard has its present endpoint.
func Apply(config Config, told map[wgtypes.Key]string) error {
	link, err := ensure()
	if err != nil {
		return err
	}
	if err := setWireGuard(config, told); err != nil {
		return fmt.Errorf("interface %s: %w", Name, err)
	}
	if mtu := cmp.Or(config.MTU, DefaultMTU); link.Attrs().MTU != mtu {
		if err := netlink.LinkSetMTU(link, mtu); err != nil {
			return fmt.Errorf("interface %s: MTU %d: %w", Name, mtu, err)
		}
	}
	if err := setAddresses(link, config.Addresses); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("interface %s: %w", Name, err)
	}
	return setRoutes(link, config.Routes)
}

// Remove deletes the interface.
func Remove() error {
	link, err := netlink.LinkByName(Name)
	if _, missing := errors.AsType[netlink.LinkNotFoundError](err); missing {
		return nil
	} else if err != nil {
		return err
	}
	return netlink.LinkDel(link)
}

// ensure finds the interface, or makes it.
func ensure() (netlink.Link, error) {
	link, err := netlink.LinkByName(Name)
	if err == nil {
		return link, nil
	}
	if _, missing := errors.AsType[netlink.LinkNotFoundError](err); !missing {
		return nil, err
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name = Name
	if err := netlink.LinkAdd(&netlink.Wireguard{LinkAttrs: attributes}); err != nil {
		if !errors.Is(err, syscall.EOPNOTSUPP) {
			return nil, fmt.Errorf("making interface %s: %w", Name, err)
		}
		if err := startUserspace(); err != nil {
			return nil, err
		}
	}
	return netlink.LinkByName(Name)
}

// startUserspace starts wireguard-go, which goes into the background once the interface is there. It
// outlives netclient, so that tunnels go on while that starts anew.
func startUserspace() error {
	program := os.Getenv("WG_QUICK_USERSPACE_IMPLEMENTATION")
	if program == "" {
		program = "wireguard-go"
	}
	command := exec.Command(program, Name)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Run(); err != nil {
		return fmt.Errorf("the kernel has no WireGuard, and %s %s did not start: %w", program, Name, err)
	}
	for deadline := time.Now().Add(appears); ; time.Sleep(20 * time.Millisecond) {
		_, err := netlink.LinkByName(Name)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s made no interface %s within %s: %w", program, Name, appears, err)
		}
	}
}

func setWireGuard(config Config, told map[wgtypes.Key]string) error {
	control, err := wgctrl.New()
	if err != nil {
		return err
	}
	defer control.Close()
	current, err := control.Device(Name)
	if err != nil {
		return err
	}
	return control.ConfigureDevice(Name, Changes(current, config, told))
}

// Changes computes the configuration that turns a device's present state into the desired one.
func Changes(current *wgtypes.Device, config Config, told map[wgtypes.Key]string) wgtypes.Config {
	var changes wgtypes.Config
	if current.PrivateKey != config.PrivateKey {
		changes.PrivateKey = &config.PrivateKey
	}
	if current.ListenPort != config.ListenPort && config.ListenPort != 0 {
		changes.ListenPort = &config.ListenPort
	}
	old := map[wgtypes.Key]wgtypes.Peer{}
	for _, peer := range current.Peers {
		old[peer.PublicKey] = peer
	}
	for _, peer := range config.Peers {
		before, known := old[peer.PublicKey]
		delete(old, peer.PublicKey)
		if change, any := peerChange(before, known, peer, told[peer.PublicKey]); any {
			changes.Peers = append(changes.Peers, change)
		}
	}
	for key := range old {
		changes.Peers = append(changes.Peers, wgtypes.PeerConfig{PublicKey: key, Remove: true})
	}
	return changes
}

func peerChange(before wgtypes.Peer, known bool, wanted wgtypes.PeerConfig, told string) (wgtypes.PeerConfig, bool) {
	if !known {
		return wanted, true
	}
	change := wgtypes.PeerConfig{PublicKey: wanted.PublicKey, UpdateOnly: true}
	any := false
	if wanted.Endpoint != nil && (wanted.Endpoint.String() != told || before.Endpoint == nil) {
		change.Endpoint, any = wanted.Endpoint, true
	}
	if keepalive := wanted.PersistentKeepaliveInterval; keepalive != nil && *keepalive != before.PersistentKeepaliveInterval {
		change.PersistentKeepaliveInterval, any = keepalive, true
	}
	if !maps.Equal(texts(before.AllowedIPs), texts(wanted.AllowedIPs)) {
		change.ReplaceAllowedIPs, change.AllowedIPs, any = true, wanted.AllowedIPs, true
	}
	return change, any
}

// texts is the set of some ranges or addresses.
func texts(ranges []net.IPNet) map[string]bool {
	set := map[string]bool{}
	for _, each := range ranges {
		set[each.String()] = true
	}
	return set
}

func setAddresses(link netlink.Link, wanted []net.IPNet) error {
	current, err := netlink.AddrList(link, netlink.FAMILY_ALL)
	if err != nil {
		return err
	}
	for _, address := range wanted {
		if err := netlink.AddrReplace(link, &netlink.Addr{IPNet: &address}); err != nil {
			return fmt.Errorf("interface %s: address %s: %w", Name, address.String(), err)
		}
	}
	keep := texts(wanted)
	for _, address := range current {
		if !keep[address.IPNet.String()] && !address.IP.IsLinkLocalUnicast() {
			if err := netlink.AddrDel(link, &address); err != nil {
				return fmt.Errorf("interface %s: address %s: %w", Name, address.IPNet, err)
			}
		}
	}
	return nil
}

func setRoutes(link netlink.Link, wanted []net.IPNet) error {
	filter := &netlink.Route{LinkIndex: link.Attrs().Index, Protocol: routeProtocol}
	current, err := netlink.RouteListFiltered(netlink.FAMILY_ALL, filter, netlink.RT_FILTER_OIF|netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return err
	}
	for _, each := range wanted {
		route := &netlink.Route{LinkIndex: filter.LinkIndex, Dst: &each, Protocol: routeProtocol, Scope: netlink.SCOPE_LINK}
		if err := netlink.RouteReplace(route); err != nil {
			return fmt.Errorf("route %s: %w", each.String(), err)
		}
	}
	keep := texts(wanted)
	for _, route := range current {
		if route.Dst != nil && !keep[route.Dst.String()] {
			if err := netlink.RouteDel(&route); err != nil {
				return fmt.Errorf("route %s: %w", route.Dst, err)
			}
		}
	}
	return nil
}

// Forward enables IP forwarding between the machine's tunnels and networks.
func Forward() error {
	for _, name := range []string{"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding"} {
		err := os.WriteFile(name, []byte("1\n"), 0o644)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
