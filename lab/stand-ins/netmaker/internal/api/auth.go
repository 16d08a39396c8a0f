package api

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"fogline/lab/netmaker/internal/store"
)

// authorization identifies the caller, or returns why the call is refused.
type authorization func(*call) (string, error)

var errUnauthorized = refusal{http.StatusUnauthorized, "unauthorized"}

// master is the user that the master key stands for.
const master = "masteradministrator"

func anybody(*call) (string, error) { return "", nil }

// users admits users and the holder of the master key.
func users(c *call) (string, error) {
	return c.authorize("user", func(name string) error {
		_, err := record(store.Users.Get(c.tx, name))
		return as(http.StatusUnauthorized, err)
	})
}

// hosts admits hosts and the holder of the master key, and no user.
func hosts(c *call) (string, error) {
	return c.authorize("host", func(id string) error {
		known, err := store.Hosts.Has(c.tx, id)
		// A host speaks for itself alone.
		if path := c.PathValue("host"); err == nil && (!known || path != "" && path != id) {
			return errUnauthorized
		}
		return err
	})
}

func (c *call) authorize(kind string, known func(subject string) error) (string, error) {
	scheme, token, found := strings.Cut(c.Header.Get("Authorization"), " ")
	if !found || scheme == "" || token == "" {
		return "", errUnauthorized
	}
	key := c.settings.MasterKey
	if key != "" && subtle.ConstantTimeCompare([]byte(token), []byte(key)) == 1 {
		return master, nil
	}
	claims := jwt.RegisteredClaims{}
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) {
		return c.secrets.Tokens, nil
	}, jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience(kind), jwt.WithExpirationRequired())
	if err != nil {
		return "", errUnauthorized
	}
	return claims.Subject, known(claims.Subject)
}

// hostTokenLife is how long a host's token is good for; netclient asks for one when it needs it.
const hostTokenLife = time.Hour

func (c *call) token(kind, subject string, life time.Duration) (string, error) {
	now := time.Now()
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer: "Netmaker", Subject: subject, Audience: jwt.ClaimStrings{kind},
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life)),
	}).SignedString(c.secrets.Tokens)
}

type credentials struct {
	UserName string `json:"username"`
	Password string `json:"password"`
}

func hasSuperAdmin(c *call) (any, error) {
	all, err := store.Users.List(c.tx)
	return len(all) > 0, err
}

func createSuperAdmin(c *call, who credentials) (any, error) {
	all, err := store.Users.List(c.tx)
	switch {
	case err != nil:
		return nil, err
	case len(all) > 0:
		return nil, badRequest("superadmin user already exists")
	case len(who.UserName) <= 3:
		return nil, badRequest("username must have more than 3 characters")
	case len(who.Password) < 5:
		return nil, badRequest("password must have a minimum of 5 characters")
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(who.Password), bcrypt.DefaultCost)
	if err != nil {
		return nil, bad(err)
	}
	user := store.User{Name: who.UserName, Hash: string(hash)}
	answer := map[string]any{
		"username": user.Name, "platform_role_id": "super-admin", "issuperadmin": true, "isadmin": true,
		"auth_type": "basic_auth", "is_mfa_enabled": false, "account_disabled": false,
	}
	return answer, store.Users.Put(c.tx, user.Name, user)
}

func authenticateUser(c *call) (any, error) {
	who, err := read[credentials](c)
	if err != nil {
		return nil, refuse(http.StatusInternalServerError, "W1R3: It's not you it's me.")
	}
	if who.UserName == "" {
		return nil, refuse(http.StatusUnauthorized, "user identifiers not provided")
	}
	user, err := record(store.Users.Get(c.tx, who.UserName))
	if err != nil {
		return nil, as(http.StatusUnauthorized, err)
	}
	if who.Password == "" {
		return nil, badRequest("password can't be empty")
	}
	if bcrypt.CompareHashAndPassword([]byte(user.Hash), []byte(who.Password)) != nil {
		return nil, badRequest("incorrect credentials")
	}
	token, err := c.token("user", user.Name, c.settings.TokenLife)
	return wrapped{
		"W1R3: Device " + user.Name + " Authorized",
		map[string]string{"UserName": user.Name, "AuthToken": token},
	}, err
}

type hostCredentials struct {
	ID       string `json:"id"`
	Password string `json:"password"`
}

func authenticateHost(c *call, who hostCredentials) (any, error) {
	switch {
	case who.ID == "":
		return nil, badRequest("W1R3: ID can't be empty")
	case who.Password == "":
		return nil, badRequest("W1R3: Password can't be empty")
	}
	if _, err := uuid.Parse(who.ID); err != nil {
		return nil, badRequest("failed to parse host id: %v", err)
	}
	host, err := record(store.Hosts.Get(c.tx, who.ID))
	if err != nil {
		return nil, bad(err)
	}
	if bcrypt.CompareHashAndPassword([]byte(host.HostPass), []byte(who.Password)) != nil {
		return nil, errUnauthorized
	}
	token, err := c.token("host", host.ID, hostTokenLife)
	return wrapped{
		"W1R3: Host " + host.ID + " Authorized",
		map[string]string{"ID": host.ID, "AuthToken": token},
	}, err
}
