package api

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"fogline/lab/netmaker/internal/model"
	"fogline/lab/netmaker/internal/store"
)

// keyLength is in characters.
const keyLength = 32

func listKeys(c *call) (any, error) {
	all, err := store.Keys.List(c.tx)
	// Each token is written anew, with an address that is asked for anew.
	c.lookUps += len(all)
	return all, err
}

// keyBody is models.APIEnrollmentKey.
type keyBody struct {
	// Expiration is in seconds since 1970.
	Expiration    int64    `json:"expiration"`
	UsesRemaining int      `json:"uses_remaining"`
	Networks      []string `json:"networks"`
	Unlimited     bool     `json:"unlimited"`
	Tags          []string `json:"tags"`
	Relay         string   `json:"relay"`
	Groups        []string `json:"groups"`
	AutoEgress    bool     `json:"auto_egress"`
	AutoAssignGw  bool     `json:"auto_assign_gw"`
}

func createKey(c *call, body keyBody) (any, error) {
	others, err := store.Keys.List(c.tx)
	if err != nil {
		return nil, err
	}
	if err := checkTags(body.Tags, others); err != nil {
		return nil, err
	}
	relay, err := relayID(body.Relay)
	if err != nil {
		return nil, err
	}
	key := model.EnrollmentKey{
		Networks: orEmpty(body.Networks), Tags: body.Tags, Relay: relay, Groups: orEmpty(body.Groups),
		AutoEgress: body.AutoEgress, AutoAssignGateway: body.AutoAssignGw,
	}
	// The first that is given wins, as on the official server.
	switch {
	case body.UsesRemaining > 0:
		key.Type, key.UsesRemaining = model.KeyUses, body.UsesRemaining
	case body.Expiration > 0:
		key.Type, key.Expiration = model.KeyExpires, time.Unix(body.Expiration, 0).UTC()
	case body.Unlimited:
		key.Type, key.Unlimited = model.KeyUnlimited, true
	}
	if !usable(key) {
		return nil, refuse(http.StatusInternalServerError, "enrollment key is not valid")
	}
	return c.putNewKey(key)
}

func checkTags(tags []string, others []model.EnrollmentKey) error {
	if len(tags) == 0 || slices.ContainsFunc(tags, func(t string) bool { return len(t) < 3 || len(t) > 32 }) {
		return badRequest("invalid enrollment key: name length must be between 3 and 32")
	}
	for _, other := range others {
		if slices.ContainsFunc(tags, func(tag string) bool { return slices.Contains(other.Tags, tag) }) {
			return badRequest("key names must be unique")
		}
	}
	return nil
}

func relayID(text string) (string, error) {
	if text == "" {
		return model.NoID, nil
	}
	id, err := uuid.Parse(text)
	return id.String(), bad(err)
}

func usable(key model.EnrollmentKey) bool {
	return key.Unlimited || key.UsesRemaining > 0 || key.Expiration.After(time.Now())
}

// putNewKey gives a key its value and keeps it.
func (c *call) putNewKey(key model.EnrollmentKey) (model.EnrollmentKey, error) {
	// 32 characters of base 32: 160 bits.
	key.Value = (rand.Text() + rand.Text())[:keyLength]
	token, err := json.Marshal(model.EnrollmentToken{Server: c.settings.APIConn, Value: key.Value})
	if err != nil {
		return key, err
	}
	key.Token = base64.StdEncoding.EncodeToString(token)
	return key, store.Keys.Put(c.tx, key.Value, key)
}

func (c *call) createDefaultKey(network string) error {
	_, err := c.putNewKey(model.EnrollmentKey{
		Networks: []string{network}, Tags: []string{network}, Groups: []string{}, Relay: model.NoID,
		Type: model.KeyUnlimited, Unlimited: true, Default: true,
	})
	return err
}

func updateKey(c *call, body keyBody) (any, error) {
	relay, err := relayID(body.Relay)
	if err != nil {
		return nil, err
	}
	key, err := c.key(c.PathValue("key"), http.StatusInternalServerError)
	if err != nil {
		return nil, err
	}
	key.Relay, key.Groups, key.AutoAssignGateway = relay, orEmpty(body.Groups), body.AutoAssignGw
	return key, store.Keys.Put(c.tx, key.Value, key)
}

func deleteKey(c *call) (any, error) {
	key, err := c.key(c.PathValue("key"), http.StatusBadRequest)
	if err != nil {
		return nil, err
	}
	if key.Default {
		return nil, refuse(http.StatusInternalServerError, "cannot delete default network key")
	}
	return empty{}, store.Keys.Delete(c.tx, key.Value)
}

func (c *call) key(value string, code int) (model.EnrollmentKey, error) {
	key, err := store.Keys.Get(c.tx, value)
	if errors.Is(err, store.ErrNotFound) {
		err = refuse(code, "no enrollmentkey found")
	}
	return key, err
}

// removeNetworkFromKeys takes a network that goes out of all keys; keys that led only there go too.
func (c *call) removeNetworkFromKeys(network string) error {
	leads := func(key model.EnrollmentKey) bool { return slices.Contains(key.Networks, network) }
	return store.Keys.Each(c.tx, leads, func(key model.EnrollmentKey) error {
		key.Networks = without(key.Networks, network)
		if len(key.Networks) == 0 {
			return store.Keys.Delete(c.tx, key.Value)
		}
		return store.Keys.Put(c.tx, key.Value, key)
	})
}

// without is a list without one value.
func without(list []string, value string) []string {
	return slices.DeleteFunc(list, func(each string) bool { return each == value })
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
