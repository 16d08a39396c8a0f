package api

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"fogline/lab/netmaker/internal/mesh"
	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/store"
)

const (
	wireGuardFile = "application/config"
	// noKey stands for the key that a client made itself.
	noKey = "[ENTER PRIVATE KEY]"
	// maxCommand is the longest PostUp or PostDown, in bytes.
	maxCommand = 1024
)

var clientID = regexp.MustCompile(`^[A-Za-z0-9-]{5,32}$`)

func listClients(c *call) (any, error) {
	network := c.PathValue("network")
	found, err := store.Clients.Where(c.tx, func(client model.ExtClient) bool {
		return network == "" || client.Network == network
	})
	for i := range found {
		found[i].PrivateKey = ""
	}
	return found, err
}

// client finds the client that the path names.
func (c *call) client() (model.ExtClient, error) {
	client, err := store.Clients.Get(c.tx, c.PathValue("client"))
	if err == nil && client.Network != c.PathValue("network") {
		err = store.ErrNotFound
	}
	return client, err
}

// gatewayOf finds a client's gateway, and its host.
func (c *call) gatewayOf(client model.ExtClient) (gateway model.Node, host model.Host, err error) {
	if gateway, err = store.Nodes.Get(c.tx, client.IngressGatewayID); err == nil {
		host, err = store.Hosts.Get(c.tx, gateway.HostID)
	}
	return gateway, host, err
}

func getClient(c *call) (any, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	gateway, host, err := c.gatewayOf(client)
	client.DNS = c.nameServers(client.DNS, gateway, host)
	return client, err
}

// nameServers are a client's: the gateway where it has none of its own and the gateway's host manages names.
// What a gateway is told to be its clients' name servers means nothing here, as on the official server.
func (c *call) nameServers(own string, gateway model.Node, host model.Host) string {
	if own != "" || !c.settings.ManageDNS || host.DNS != "yes" {
		return own
	}
	var servers []string
	for _, each := range mesh.Single(gateway.Address, gateway.Address6) {
		servers = append(servers, each.Addr().String())
	}
	return strings.Join(servers, ",")
}

func createClient(c *call) (any, error) {
	gateway, err := store.Nodes.Get(c.tx, c.PathValue("client"))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if !gateway.IsGw || gateway.Network != c.PathValue("network") {
		return nil, badRequest("ingress does not exist")
	}
	wanted, err := c.wantedClient(gateway)
	if err != nil {
		return nil, err
	}
	if wanted.ClientID == "" {
		wanted.ClientID = "client-" + strings.ToLower(rand.Text()[:8])
	}
	taken, err := store.Clients.Has(c.tx, wanted.ClientID)
	switch {
	case err != nil:
		return nil, err
	case taken:
		return nil, badRequest("duplicate client name")
	}
	wanted.Enabled = true
	client := model.ExtClient{
		ClientSettings: wanted, PrivateKey: noKey, Network: gateway.Network, IngressGatewayID: gateway.ID,
		OwnerID: c.user, AllowedIPs: []string{}, DeniedACLs: map[string]struct{}{}, LastModified: time.Now().Unix(),
	}
	if err := c.completeClient(&client); err != nil {
		return nil, err
	}
	return client, store.Clients.Put(c.tx, client.ClientID, client)
}

// completeClient gives a new client its endpoint, addresses, name servers and, unless it has them, keys.
func (c *call) completeClient(client *model.ExtClient) error {
	state, err := store.Load(c.tx)
	gateway, host, err2 := c.gatewayOf(*client)
	network, err3 := store.Networks.Get(c.tx, client.Network)
	if err := cmp.Or(err, err2, err3); err != nil {
		return err
	}
	client.IngressGatewayEndpoint, client.DNS = mesh.Endpoint(host), c.nameServers(client.DNS, gateway, host)
	client.Address, client.Address6, err = mesh.NextAddresses(state, network, mesh.FromEnd)
	if err != nil {
		return bad(err)
	}
	if client.PublicKey == "" {
		key, err := wgtypes.GeneratePrivateKey()
		if err != nil {
			return err
		}
		client.PrivateKey, client.PublicKey = key.String(), key.PublicKey().String()
	}
	return nil
}

// wantedClient reads the settings of a client behind a gateway, normalized.
func (c *call) wantedClient(gateway model.Node) (model.ClientSettings, error) {
	wanted, err := read[model.ClientSettings](c)
	if err != nil {
		return wanted, bad(err)
	}
	wanted.ExtraAllowedIPs = orEmpty(wanted.ExtraAllowedIPs)
	if wanted.Tags == nil {
		wanted.Tags = map[string]struct{}{}
	}
	return wanted, checkClient(wanted, gateway)
}

func checkClient(body model.ClientSettings, gateway model.Node) error {
	if body.ClientID != "" && !clientID.MatchString(body.ClientID) {
		return badRequest("node name must be alphanumderic and/or dashes, with 5 to 32 characters")
	}
	if body.PublicKey != "" {
		if _, err := wgtypes.ParseKey(body.PublicKey); err != nil {
			return badRequest("incorrect client public key: %v", err)
		}
	}
	for _, text := range body.ExtraAllowedIPs {
		if _, _, err := net.ParseCIDR(text); err != nil {
			return badRequest("client extra ip must be a valid cidr")
		}
		if mesh.Overlap(text, gateway.NetworkRange) || mesh.Overlap(text, gateway.NetworkRange6) {
			return badRequest("egress range should not be the same as or contained in the netmaker network address %s %s",
				gateway.NetworkRange, gateway.NetworkRange6)
		}
	}
	if body.DNS != "" && slices.ContainsFunc(strings.Split(body.DNS, ","), func(part string) bool {
		return net.ParseIP(strings.TrimSpace(part)) == nil
	}) {
		return badRequest("client dns must be a valid ip address")
	}
	for field, command := range map[string]string{"PostUp": body.PostUp, "PostDown": body.PostDown} {
		if len(command) > maxCommand {
			return badRequest("Key: 'CustomExtClient.%s' Error:Field validation for '%s' failed on the 'max' tag", field, field)
		}
		// A line break would add lines to the client's file.
		if strings.ContainsAny(command, "\r\n") {
			return badRequest("%s must be one line", strings.ToLower(field))
		}
	}
	return nil
}

func updateClient(c *call) (any, error) {
	client, err := c.client()
	if errors.Is(err, store.ErrNotFound) {
		return nil, errors.New("client not found")
	} else if err != nil {
		return nil, err
	}
	gateway, err := store.Nodes.Get(c.tx, client.IngressGatewayID)
	if err != nil {
		return nil, err
	}
	wanted, err := c.wantedClient(gateway)
	if err != nil {
		return nil, err
	}
	if wanted.ClientID != client.ClientID {
		// The official server loses the client here.
		return nil, badRequest("clientid: renaming is not supported by the lab's stand-in for Netmaker")
	}
	if wanted.PublicKey == "" {
		wanted.PublicKey = client.PublicKey
	} else if wanted.PublicKey != client.PublicKey {
		client.PrivateKey = noKey
	}
	client.ClientSettings, client.LastModified = wanted, time.Now().Unix()
	// The official server deletes the client and makes it anew, and so takes it out of its rules.
	c.after(func(c *call) error { return c.dropFromACLs(model.EndDevice, client.ClientID) })
	return client, store.Clients.Put(c.tx, client.ClientID, client)
}

func deleteClient(c *call) (any, error) {
	id := c.PathValue("client")
	client, err := c.client()
	if errors.Is(err, store.ErrNotFound) {
		return wrapped{id + " deleted.", nil}, nil
	} else if err != nil {
		return nil, err
	}
	return wrapped{id + " deleted.", nil}, c.dropClient(client)
}

func (c *call) dropClient(client model.ExtClient) error {
	c.after(func(c *call) error { return c.dropFromACLs(model.EndDevice, client.ClientID) })
	return store.Clients.Delete(c.tx, client.ClientID)
}

func clientFile(c *call) (any, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	if kind := c.PathValue("type"); kind != "file" {
		return nil, badRequest("%s: not supported by the lab's stand-in for Netmaker; ask for file", kind)
	}
	state, err := store.Load(c.tx)
	gateway, host, err2 := c.gatewayOf(client)
	if err := cmp.Or(err, err2); err != nil {
		return nil, err
	}
	endpoint := mesh.Endpoint(host)
	if preferred := c.FormValue("preferredip"); preferred != "" {
		ip := net.ParseIP(preferred)
		if ip == nil || !ip.Equal(host.EndpointIP) && !ip.Equal(host.EndpointIPv6) {
			return nil, badRequest("preferred endpoint ip is not associated with the RAG")
		}
		endpoint = net.JoinHostPort(preferred, fmt.Sprint(host.ListenPort))
	}
	client.DNS = c.nameServers(client.DNS, gateway, host)
	return plain{wireGuardFile, wireGuardConfig(client, gateway, host, endpoint, mesh.ClientRanges(state, client))}, nil
}

// wireGuardConfig writes the file for wg-quick, with an empty line for what there is none of.
func wireGuardConfig(client model.ExtClient, gateway model.Node, host model.Host, endpoint string, ranges []netip.Prefix) string {
	var addresses, allowed []string
	for _, each := range mesh.Single(client.Address, client.Address6) {
		addresses = append(addresses, each.String())
	}
	for _, each := range ranges {
		allowed = append(allowed, each.String())
	}
	line := func(key, value string) string {
		if value == "" || value == "0" {
			return ""
		}
		return key + " = " + value
	}
	return strings.Join([]string{
		"[Interface]",
		line("Address", strings.Join(addresses, ",")),
		line("PrivateKey", client.PrivateKey),
		line("MTU", fmt.Sprint(gateway.IngressMTU)),
		line("DNS", client.DNS),
		line("PostUp", client.PostUp),
		line("PostDown", client.PostDown),
		"",
		"[Peer]",
		line("PublicKey", host.PublicKey.String()),
		line("AllowedIPs", strings.Join(allowed, ",")),
		line("Endpoint", endpoint),
		line("PersistentKeepalive", fmt.Sprint(gateway.IngressPersistentKeepalive)),
		"", "",
	}, "\n")
}
