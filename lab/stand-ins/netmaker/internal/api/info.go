package api

import (
	"net"
	"net/http"
	"strings"
	"time"

	"fogline/lab/netmaker/internal/mesh"
	"fogline/lab/netmaker/internal/settings"
	"fogline/lab/netmaker/internal/store"
)

func health(*call) (any, error) {
	return plain{"text/plain; charset=utf-8", "Server is up and running!!"}, nil
}

func status(c *call) (any, error) {
	up := c.brokerUp()
	return map[string]any{
		// A broken database has answered before this line.
		"db_connected": true, "broker_connected": up, "is_broker_conn_open": up, "license_error": "",
		"is_pro": false, "deployment_mode": "self-hosted", "is_on_trial_license": false,
		"trial_end_date": "0001-01-01T00:00:00Z", "version": settings.Version,
	}, nil
}

func featureFlags(*call) (any, error) {
	flags := map[string]bool{}
	for _, name := range []string{
		"enable_network_activity", "enable_oauth", "enable_idp_integration", "allow_multi_server_license",
		"enable_gateways_ha", "enable_device_approval", "enable_flow_logs", "enable_posture_checks",
		"enable_egress_ha", "enable_overlapping_egress_ranges", "enable_jit",
	} {
		flags[name] = false
	}
	return wrapped{"", flags}, nil
}

func (s *Server) mesh() mesh.Server {
	return mesh.Server{Settings: s.settings, TrafficKey: s.secrets.TrafficPublic}
}

func serverConfig(c *call) (any, error) {
	c.lookUps += 2
	return map[string]any{
		"ServerName": c.settings.Server, "APIConnString": c.settings.APIConn, "APIHost": c.settings.APIHost,
		"Database": "sqlite", "Version": settings.Version, "DNSMode": "off", "IsPro": "no",
		"DefaultDomain": c.settings.DefaultDomain, "ManageDNS": c.settings.ManageDNS,
	}, nil
}

func serverInfo(c *call) (any, error) {
	c.lookUps++
	return c.Server.mesh().Config(), nil
}

// askFor bounds one question for the server's own address.
const askFor = 10 * time.Second

// lookUpAddress asks for the server's own address, as the official server does even where the answer is not
// needed. A call waits for it.
func (s *Server) lookUpAddress() {
	for _, service := range s.settings.AddressServices {
		answer, err := (&http.Client{Timeout: askFor}).Get(service)
		if err != nil {
			continue
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return
		}
	}
}

func (c *call) settingsBody() map[string]any {
	return map[string]any{
		"default_domain": c.settings.DefaultDomain, "manage_dns": c.settings.ManageDNS,
		"jwt_validity_duration": int(c.settings.TokenLife.Minutes()), "basic_auth": true,
		"telemetry": "off", "netclientautoupdate": false, "endpoint_detection": false, "stun": false,
		"verbosity": 0, "mfa_enforced": false,
	}
}

func serverSettings(c *call) (any, error) { return wrapped{"", c.settingsBody()}, nil }

// fixedSettings takes what changes nothing.
func fixedSettings(c *call, body map[string]any) (any, error) {
	current := c.settingsBody()
	for _, name := range []string{"default_domain", "manage_dns"} {
		if value, given := body[name]; given && value != current[name] {
			return nil, refuse(400, "%s: set in the environment of the lab's stand-in for Netmaker", name)
		}
	}
	return wrapped{"updated server settings successfully", current}, nil
}

func usage(c *call) (any, error) {
	state, err := store.Load(c.tx)
	if err != nil {
		return nil, err
	}
	everybody, err := store.Users.List(c.tx)
	gateways := 0
	for _, node := range state.Nodes {
		if node.IsGw {
			gateways++
		}
	}
	return wrapped{"", map[string]int{
		"hosts": len(state.Hosts), "clients": len(state.Clients), "networks": len(state.Networks),
		"users": len(everybody), "ingresses": gateways, "egresses": len(state.Egresses), "relays": gateways,
		"internet_gateways": 0, "fail_overs": 0,
	}}, err
}

// callersAddress tells netclient where it comes from, behind its router. The proxy before the server
// adds the last entry of X-Forwarded-For; earlier entries are not trusted.
func callersAddress(c *call) (any, error) {
	address, _, _ := net.SplitHostPort(c.RemoteAddr)
	if seen := c.Header.Get("X-Forwarded-For"); seen != "" {
		address = strings.TrimSpace(seen[strings.LastIndex(seen, ",")+1:])
	}
	return plain{"text/plain; charset=utf-8", address}, nil
}
