package encryption

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/pager"
	"k8s.io/component-base/metrics/legacyregistry"
)

const (
	// reloads counts how often the API server has read its configuration anew.
	reloads = "apiserver_encryption_config_controller_automatic_reloads_total"
	// reloadWithin is how long that may take; the API server looks once a minute.
	reloadWithin = 2 * time.Minute
	pageSize     = 20
	maxBody      = 1 << 20
)

// State is the answer to a question for the state.
type State struct {
	Stage        string   `json:"stage"`
	ActiveKey    string   `json:"activekey"`
	Enable       *bool    `json:"enable,omitempty"`
	HashMatch    bool     `json:"hashmatch,omitempty"`
	HashError    string   `json:"hasherror,omitempty"`
	InactiveKeys []string `json:"inactivekeys,omitempty"`
}

// Request asks for another state.
type Request struct {
	Stage  *string `json:"stage,omitempty"`
	Enable *bool   `json:"enable,omitempty"`
}

// RotateKeys is the stage that is asked for to replace the key.
const RotateKeys = "rotate_keys"

// Server answers for the control plane that it is a part of.
type Server struct {
	Files
	// Encrypts says that the API server runs with the configuration: K3s was started with secrets-encryption.
	Encrypts bool
	// Client writes every Secret anew.
	Client func() (kubernetes.Interface, error)
	// reloaded waits until the API server has read the configuration; nil for that of this process.
	reloaded func(ctx context.Context, before float64) error
}

// Status answers with the state.
func (s *Server) Status(w http.ResponseWriter, _ *http.Request) {
	state, err := s.state()
	if err != nil {
		fail(w, err, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(state); err != nil {
		log.Printf("secrets-encrypt: %v", err)
	}
}

func (s *Server) state() (State, error) {
	// Without the configuration the official program does not know where its file is.
	if !s.Encrypts {
		return State{}, nil
	}
	keys, enabled, err := s.read()
	if errors.Is(err, os.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, err
	}
	stage, matches, err := s.stage()
	if err != nil {
		return State{}, err
	}
	state := State{Stage: stage, Enable: &enabled, HashMatch: matches}
	if !matches {
		state.HashError = "hash does not match"
	}
	for i, key := range keys {
		if name := "AES-CBC " + key.Name; enabled && i == 0 {
			state.ActiveKey = name
		} else {
			state.InactiveKeys = append(state.InactiveKeys, name)
		}
	}
	return state, nil
}

// Change answers a request for another state.
func (s *Server) Change(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	var asked Request
	if err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&asked); err != nil {
		fail(w, err, http.StatusBadRequest)
		return
	}
	if err := s.change(r.Context(), asked); err != nil {
		fail(w, err, http.StatusBadRequest)
	}
}

func (s *Server) change(ctx context.Context, asked Request) error {
	switch {
	case asked.Stage != nil && *asked.Stage == RotateKeys:
		return s.rotateKeys(ctx)
	case asked.Stage != nil:
		return fmt.Errorf("stage %s is not supported by this build, only %s", *asked.Stage, RotateKeys)
	case asked.Enable != nil && *asked.Enable:
		if _, enabled, err := s.read(); err == nil && enabled {
			log.Print("Secrets encryption already enabled")
			return nil
		}
		log.Print("Enabling secrets encryption with identity provider, restart with secrets-encryption")
		return s.prepare()
	}
	return errors.New("disabling is not supported by this build")
}

// rotateKeys replaces the key, and writes every Secret with the new one before the former is dropped.
func (s *Server) rotateKeys(ctx context.Context) error {
	if !s.Encrypts {
		return errors.New("missing annotation on node")
	}
	stage, matches, err := s.stage()
	if err != nil {
		return err
	}
	if stage != stageStart && stage != stageFinished {
		return fmt.Errorf("incorrect stage: %s", stage)
	}
	if !matches {
		return errors.New("invalid hash")
	}
	before, err := countReloads()
	if err != nil {
		return err
	}
	log.Print("Rotating secrets-encryption aescbc keys")
	if err := s.rotate(time.Now()); err != nil {
		return err
	}
	await := s.reloaded
	if await == nil {
		await = awaitReload
	}
	if err := await(ctx, before); err != nil {
		return err
	}
	client, err := s.Client()
	if err != nil {
		return err
	}
	if err := rewrite(ctx, client); err != nil {
		return err
	}
	return s.finish()
}

// rewrite updates every Secret with its own content, which encrypts it with the present key.
func rewrite(ctx context.Context, client kubernetes.Interface) error {
	list := func(options meta.ListOptions) (runtime.Object, error) {
		return client.CoreV1().Secrets(meta.NamespaceAll).List(ctx, options)
	}
	pages := pager.New(pager.SimplePageFunc(list))
	pages.PageSize = pageSize
	return pages.EachListItem(ctx, meta.ListOptions{}, func(object runtime.Object) error {
		secret, ok := object.(*core.Secret)
		if !ok {
			return errors.New("failed to convert object to Secret")
		}
		_, err := client.CoreV1().Secrets(secret.Namespace).Update(ctx, secret, meta.UpdateOptions{})
		// Whoever changed or deleted it meanwhile has done so with the present key.
		if err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			return fmt.Errorf("failed to update secret: %w", err)
		}
		return nil
	})
}

func countReloads() (float64, error) {
	families, err := legacyregistry.DefaultGatherer.Gather()
	if err != nil {
		return 0, err
	}
	for _, family := range families {
		if family.GetName() != reloads {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "status" && label.GetValue() == "success" {
					return metric.GetCounter().GetValue(), nil
				}
			}
		}
	}
	return 0, nil
}

func awaitReload(ctx context.Context, before float64) error {
	err := wait.PollUntilContextTimeout(ctx, time.Second, reloadWithin, true, func(context.Context) (bool, error) {
		now, err := countReloads()
		return now > before, err
	})
	if err != nil {
		return fmt.Errorf("apiserver has not reloaded encryption configuration: %w", err)
	}
	return nil
}

// fail answers as the official program: what is wrong stands in its log alone.
func fail(w http.ResponseWriter, err error, status int) {
	log.Printf("secret-encrypt error: %v", err)
	http.Error(w, "secret-encrypt error, see server log", status)
}
