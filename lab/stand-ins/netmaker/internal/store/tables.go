package store

import (
	"cmp"

	"fogline/lab/netmaker/internal/model"
)

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
	Deleted  = Table[DeletedHost]{"deleted"} // by host id
	Users    = Table[User]{"user"}
	Secret   = Table[Secrets]{"secret"}
	Networks = Table[model.Network]{"network"}   // by name
	Keys     = Table[model.EnrollmentKey]{"key"} // by value
	Hosts    = Table[model.Host]{"host"}         // by id
	Nodes    = Table[model.Node]{"node"}         // by id
	Clients  = Table[model.ExtClient]{"client"}  // by client id
	Egresses = Table[model.Egress]{"egress"}     // by id
	ACLs     = Table[model.ACL]{"acl"}           // by id
	DNS      = Table[model.DNSEntry]{"dns"}      // by network/name
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
	return s, cmp.Or(
		Networks.into(tx, &s.Networks), Hosts.into(tx, &s.Hosts), Nodes.into(tx, &s.Nodes), Clients.into(tx, &s.Clients),
		Egresses.into(tx, &s.Egresses), ACLs.into(tx, &s.ACLs), DNS.into(tx, &s.DNS),
	)
}

func (t Table[T]) into(tx *Tx, all *[]T) (err error) {
	*all, err = t.List(tx)
	return err
}
