// Package api serves Netmaker's REST API: paths, bodies, status codes and messages are those of the
// official server v1.5.1, community edition, as far as the stand-in goes.
package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/nacl/box"

	"fogline/lab/netmaker/internal/settings"
	"fogline/lab/netmaker/internal/store"
)

// Server answers the API.
type Server struct {
	settings settings.Settings
	store    *store.Store
	secrets  store.Secrets
	// changed is called after each change that was kept.
	changed func()
	// brokerUp reports whether the broker is connected.
	brokerUp func() bool
	// background is what goes on after answers.
	background sync.WaitGroup
}

const secretsID = "server"

// New makes a server of a database; its secrets are made once.
func New(s settings.Settings, db *store.Store, changed func(), brokerUp func() bool) (*Server, error) {
	server := &Server{settings: s, store: db, changed: changed, brokerUp: brokerUp}
	_, err := db.Do(context.Background(), func(tx *store.Tx) error {
		secrets, err := store.Secret.Get(tx, secretsID)
		if errors.Is(err, store.ErrNotFound) {
			if secrets, err = newSecrets(); err == nil {
				err = store.Secret.Put(tx, secretsID, secrets)
			}
		}
		server.secrets = secrets
		return err
	})
	return server, err
}

func newSecrets() (store.Secrets, error) {
	public, private, err := box.GenerateKey(rand.Reader)
	if err != nil {
		return store.Secrets{}, err
	}
	tokens := make([]byte, 32)
	rand.Read(tokens)
	return store.Secrets{Tokens: tokens, TrafficPrivate: private[:], TrafficPublic: public[:]}, nil
}

// TrafficKey is the private key that opens what hosts send through the broker.
func (s *Server) TrafficKey() []byte { return s.secrets.TrafficPrivate }

// call is one request inside its transaction.
type call struct {
	*Server
	*http.Request
	tx *store.Tx
	// user is who calls: a user's name, a host's id, or the holder of the master key.
	user string
	// later is done after the answer, one after the other, each in a transaction of its own.
	later []step
	// lookUps counts how often the official server would ask for its own address.
	lookUps int
}

// step is a part of a call that the official server does in the background. A server that ends before it
// never does it.
type step func(*call) error

// breath is the delay before each step: long enough that a caller which does not wait sees the old state.
const breath = 50 * time.Millisecond

func (c *call) after(next step) { c.later = append(c.later, next) }

// finish runs the steps that follow an answer.
func (s *Server) finish(steps []step) {
	for len(steps) > 0 {
		time.Sleep(breath)
		c := &call{Server: s}
		changed, err := s.store.Do(context.Background(), func(tx *store.Tx) error {
			c.tx = tx
			return steps[0](c)
		})
		steps = append(steps[1:], c.later...)
		if err != nil {
			log.Printf("in the background: %v", err)
		}
		if changed {
			s.changed()
		}
	}
}

// Wait returns when no background step is running; call it before the database is closed.
func (s *Server) Wait() { s.background.Wait() }

// handler answers a call; what it returns is sent as JSON, unless it is an answer of its own.
type handler func(*call) (any, error)

// wrapped is an answer in the API's common wrapping.
type wrapped struct {
	message  string
	response any
}

// plain is an answer that is no JSON.
type plain struct {
	kind string
	body string
}

// empty is an answer without a body.
type empty struct{}

// refusal is an error with its status.
type refusal struct {
	code    int
	message string
}

func (r refusal) Error() string { return r.message }

func refuse(code int, format string, args ...any) error {
	return refusal{code, fmt.Sprintf(format, args...)}
}

// badRequest refuses what was sent.
func badRequest(format string, args ...any) error {
	return refuse(http.StatusBadRequest, format, args...)
}

// bad makes an error a refusal of what was sent.
func bad(err error) error { return as(http.StatusBadRequest, err) }

func as(code int, err error) error {
	if err == nil || isFault(err) {
		return err
	}
	return refusal{code, err.Error()}
}

// isFault tells errors of the database from those of the caller.
func isFault(err error) bool { return strings.HasPrefix(err.Error(), "database: ") }

// errNoRecord is how the official server says that its newer tables have no such row.
var errNoRecord = errors.New("record not found")

// record is the error for a missing row in a newer table.
func record[T any](value T, err error) (T, error) {
	if errors.Is(err, store.ErrNotFound) {
		err = errNoRecord
	}
	return value, err
}

// maxBody is more than any body of the API needs, in bytes.
const maxBody = 1 << 20

// read decodes the body.
func read[T any](c *call) (T, error) {
	var value T
	err := json.NewDecoder(io.LimitReader(c.Body, maxBody)).Decode(&value)
	return value, err
}

// withBody is a handler that gets the decoded body.
func withBody[T any](handle func(*call, T) (any, error)) handler {
	return func(c *call) (any, error) {
		body, err := read[T](c)
		if err != nil {
			return nil, bad(err)
		}
		return handle(c, body)
	}
}

// serve runs a handler in a transaction, behind its authorization.
func (s *Server) serve(allowed authorization, handle handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var answer any
		var c *call
		changed, err := s.store.Do(r.Context(), func(tx *store.Tx) (err error) {
			c = &call{Server: s, Request: r, tx: tx}
			if c.user, err = allowed(c); err == nil {
				answer, err = handle(c)
			}
			return err
		})
		if err != nil {
			sendError(w, r, err)
			return
		}
		if changed {
			s.changed()
		}
		for range c.lookUps {
			s.lookUpAddress()
		}
		send(w, answer)
		if len(c.later) > 0 {
			s.background.Go(func() { s.finish(c.later) })
		}
	}
}

func send(w http.ResponseWriter, answer any) {
	switch answer := answer.(type) {
	case empty:
		w.WriteHeader(http.StatusOK)
	case plain:
		w.Header().Set("Content-Type", answer.kind)
		if answer.kind == wireGuardFile {
			w.Header().Set("Content-Disposition", "attachment; filename=\"netmaker.conf\"")
		}
		io.WriteString(w, answer.body)
	case wrapped:
		sendJSON(w, http.StatusOK, envelope{http.StatusOK, answer.message, answer.response})
	default:
		sendJSON(w, http.StatusOK, answer)
	}
}

// envelope is the API's common wrapping, and its errors; the names are Go's.
type envelope struct {
	Code     int
	Message  string
	Response any
}

func sendError(w http.ResponseWriter, r *http.Request, err error) {
	code := http.StatusInternalServerError
	if known, ok := errors.AsType[refusal](err); ok {
		code = known.code
	}
	if code >= http.StatusInternalServerError {
		// The path of a registration holds a secret, so the pattern is logged.
		log.Printf("%s: %v", r.Pattern, err)
	}
	sendJSON(w, code, envelope{code, err.Error(), nil})
}

func sendJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Printf("answering: %v", err)
	}
}
