package store

import "fogline/lab/netmaker/internal/model"

// User may use the API.
type User struct {
	Name string `json:"name"`
	// Hash is bcrypt's, of the password.
	Hash string `json:"hash"`
}

// Secrets are made when the server first starts.
type Secrets struct {
	// Tokens signs the API's tokens.
	Tokens []byte `json:"tokens"`
	// TrafficPrivate and TrafficPublic seal what hosts send through the broker.
	TrafficPrivate []byte `json:"trafficPrivate"`
	TrafficPublic  []byte `json:"trafficPublic"`
}

// DeletedHost still has to be notified of its deletion; the key encrypts the message.
type DeletedHost struct {
	ID  string `json:"id"`
	Key []byte `json:"key"`
}

// All the server's records.
var (
	Deleted  = NewTable[DeletedHost]("deleted") // by host id
	Users    = NewTable[User]("user")
	Secret   = NewTable[Secrets]("secret")
	Networks = NewTable[model.Network]("network")   // by name
	Keys     = NewTable[model.EnrollmentKey]("key") // by value
	Hosts    = NewTable[model.Host]("host")         // by id
	Nodes    = NewTable[model.Node]("node")         // by id
	Clients  = NewTable[model.ExtClient]("client")  // by client id
	Egresses = NewTable[model.Egress]("egress")     // by id
	ACLs     = NewTable[model.ACL]("acl")           // by id
	DNS      = NewTable[model.DNSEntry]("dns")      // by network/name
)

// State is everything that peers follow from.
type State struct {
	Networks []model.Network
	Hosts    []model.Host
	Nodes    []model.Node
	Clients  []model.ExtClient
	Egresses []model.Egress
	ACLs     []model.ACL
	DNS      []model.DNSEntry
}

// Load reads the state.
func Load(tx *Tx) (s State, err error) {
	for _, read := range []func() error{
		func() (err error) { s.Networks, err = Networks.List(tx); return },
		func() (err error) { s.Hosts, err = Hosts.List(tx); return },
		func() (err error) { s.Nodes, err = Nodes.List(tx); return },
		func() (err error) { s.Clients, err = Clients.List(tx); return },
		func() (err error) { s.Egresses, err = Egresses.List(tx); return },
		func() (err error) { s.ACLs, err = ACLs.List(tx); return },
		func() (err error) { s.DNS, err = DNS.List(tx); return },
	} {
		if err := read(); err != nil {
			return s, err
		}
	}
	return s, nil
}
