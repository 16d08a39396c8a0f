// Package settings reads the server's settings from the official environment variables.
package settings

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Version is the release whose contract the stand-in keeps.
const Version = "v1.5.1"

// Settings are the server's.
type Settings struct {
	// Server is the name that tells this server from others, in topics and in netclient's files.
	Server string
	// APIConn is host:port of the API as members reach it, always over TLS; a token carries it.
	APIConn string
	// APIHost is the API's name.
	APIHost string
	// Listen is where the server listens, without TLS: it is behind a proxy.
	Listen string
	// MasterKey gives access to the whole API; empty for none.
	MasterKey string
	// Database is the file of SQLite, or the postgres:// URL of PostgreSQL, which has the password.
	Database string
	// Broker and ServerBroker are the broker's URLs, for members and for the server itself.
	Broker, ServerBroker   string
	MQUserName, MQPassword string
	// TokenLife is how long a user's token is valid.
	TokenLife time.Duration
	// DefaultDomain ends the names of members.
	DefaultDomain string
	ManageDNS     bool
	// AddressServices are asked for the server's own address, one after the other until one answers.
	AddressServices []string
}

// addressServices stand for the three public services that the official server asks: addresses for
// documentation, where nobody answers (RFC 5737).
var addressServices = []string{"https://192.0.2.1/ip", "https://192.0.2.2/ip", "https://192.0.2.3/ip"}

// refused are official variables of features that the stand-in does not have, with the values that disable them.
var refused = map[string][]string{
	"LICENSE_KEY": {}, "NETMAKER_TENANT_ID": {}, "AUTH_PROVIDER": {}, "CLIENT_ID": {}, "CLIENT_SECRET": {},
	"OIDC_ISSUER": {}, "AZURE_TENANT": {}, "SQL_CONN": {}, "SQL_SSL_MODE": {"disable"}, "EMQX_REST_ENDPOINT": {}, "COREDNS_ADDR": {},
	"DNS_MODE": {"off"}, "METRICS_EXPORTER": {"off"}, "STUN": {"false", "off"}, "TELEMETRY": {"off"},
	"IS_HA": {"false"}, "REST_BACKEND": {"on"}, "MESSAGEQUEUE_BACKEND": {"on"}, "BASIC_AUTH": {"yes"},
	"DISPLAY_KEYS": {"on"}, "CACHING_ENABLED": {"true"}, "DISABLE_REMOTE_IP_CHECK": {"on"},
	"NETCLIENT_AUTO_UPDATE": {"disabled", "false"}, "ENDPOINT_DETECTION": {"false"},
	"OLD_ACL_SUPPORT": {"false"}, "RAC_RESTRICT_TO_SINGLE_NETWORK": {"false"},
	"DEPLOYED_BY_OPERATOR": {"false"}, "CLICKHOUSE_HOST": {}, "SMTP_HOST": {}, "SAAS_OWNER_EMAIL": {},
}

// Load reads the settings and names everything that is wrong with them.
func Load(lookup func(string) string) (Settings, error) {
	r := reader{lookup: lookup}
	s := Settings{
		Server:       r.required("SERVER_NAME"),
		APIConn:      r.required("SERVER_API_CONN_STRING"),
		Listen:       lookup("SERVER_HOST") + ":" + r.port("API_PORT", "8081"),
		MasterKey:    lookup("MASTER_KEY"),
		Database:     r.database(),
		Broker:       r.broker("BROKER_ENDPOINT", ""),
		ServerBroker: r.broker("SERVER_BROKER_ENDPOINT", lookup("BROKER_ENDPOINT")),
		MQUserName:   r.required("MQ_USERNAME"),
		MQPassword:   r.required("MQ_PASSWORD"),
		TokenLife:    r.seconds("JWT_VALIDITY_DURATION", 12*time.Hour),
		// Written by the official installer; a server without it gives names without an ending.
		DefaultDomain: cmp.Or(lookup("DEFAULT_DOMAIN"), "nm.internal"),
		// On where nothing is said; anything but true switches it off.
		ManageDNS:       cmp.Or(lookup("MANAGE_DNS"), "true") == "true",
		AddressServices: addressServices,
	}
	if own := lookup("PUBLIC_IP_SERVICE"); own != "" {
		s.AddressServices = append([]string{own}, addressServices...)
	}
	s.APIHost = cmp.Or(lookup("SERVER_HTTP_HOST"), strings.Split(s.APIConn, ":")[0])
	if key := s.MasterKey; key != "" && len(key) < 16 {
		r.problem("MASTER_KEY has %d characters: give it at least 16, or none to switch it off", len(key))
	}
	if kind := lookup("BROKER_TYPE"); kind != "" && kind != "mosquitto" {
		r.problem("BROKER_TYPE=%s: the lab's stand-in for Netmaker knows mosquitto alone", kind)
	}
	for name, off := range refused {
		if value := lookup(name); value != "" && !slices.Contains(off, value) {
			r.problem("%s: not supported by the lab's stand-in for Netmaker; leave it out%s", name, or(off))
		}
	}
	slices.Sort(r.problems)
	if len(r.problems) > 0 {
		return s, fmt.Errorf("the settings are not right:\n- %s", strings.Join(r.problems, "\n- "))
	}
	return s, nil
}

// FromEnvironment reads the settings of this process.
func FromEnvironment() (Settings, error) { return Load(os.Getenv) }

type reader struct {
	lookup   func(string) string
	problems []string
}

func (r *reader) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

func (r *reader) required(name string) string {
	value := r.lookup(name)
	if value == "" {
		r.problem("%s is not set: it has no default", name)
	}
	return value
}

func (r *reader) port(name, otherwise string) string {
	value := cmp.Or(r.lookup(name), otherwise)
	if port, err := strconv.Atoi(value); err != nil || port < 1 || port > 65535 {
		r.problem("%s=%s: must be a port from 1 to 65535", name, value)
	}
	return value
}

// database is where the records are. Official defaults but for the password: there is none here.
func (r *reader) database() string {
	switch kind := cmp.Or(r.lookup("DATABASE"), "sqlite"); kind {
	case "sqlite":
		for _, name := range []string{"SQL_HOST", "SQL_PORT", "SQL_DB", "SQL_USER", "SQL_PASS"} {
			if r.lookup(name) != "" {
				r.problem("%s: means nothing with DATABASE=sqlite; leave it out, or set DATABASE=postgres", name)
			}
		}
		return "data/netmaker.db"
	case "postgres":
		// A host may be a folder with PostgreSQL's socket, which has no place in a URL's authority.
		how := url.Values{
			"host": {cmp.Or(r.lookup("SQL_HOST"), "localhost")}, "port": {r.port("SQL_PORT", "5432")}, "sslmode": {"disable"},
		}
		where := url.URL{
			Scheme: "postgres", Path: "/" + cmp.Or(r.lookup("SQL_DB"), "netmaker"), RawQuery: how.Encode(),
			User: url.UserPassword(cmp.Or(r.lookup("SQL_USER"), "postgres"), r.required("SQL_PASS")),
		}
		return where.String()
	case "rqlite":
		r.problem("DATABASE=rqlite: the lab's stand-in for Netmaker knows sqlite and postgres alone")
	default:
		r.problem("DATABASE=%s: must be sqlite or postgres", kind)
	}
	return ""
}

func (r *reader) seconds(name string, otherwise time.Duration) time.Duration {
	value := r.lookup(name)
	if value == "" {
		return otherwise
	}
	seconds, err := strconv.Atoi(value)
	if err != nil || seconds < 1 {
		r.problem("%s=%s: must be a number of seconds", name, value)
	}
	return time.Duration(seconds) * time.Second
}

var brokerSchemes = []string{"mqtt", "mqtts", "tcp", "ssl", "ws", "wss"}

func (r *reader) broker(name, otherwise string) string {
	value := cmp.Or(r.lookup(name), otherwise)
	parsed, err := url.Parse(value)
	switch {
	case value == "":
		r.problem("%s is not set: it has no default", name)
	case err != nil || parsed.Host == "" || !slices.Contains(brokerSchemes, parsed.Scheme):
		r.problem("%s=%s: must be a URL of a broker, e.g. mqtt://127.0.0.1:1883", name, value)
	}
	return value
}

func or(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return " or set it to " + strings.Join(values, " or ")
}
