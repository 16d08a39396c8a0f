package encryption

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	etcd "go.etcd.io/etcd/client/v3"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/server/options/encryptionconfig"
	"k8s.io/apiserver/pkg/storage/value"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"

	"fogline/lab/k3s/internal/datastore"
)

const plain = "a password that nobody is to find"

func files(t *testing.T) Files {
	t.Helper()
	folder := t.TempDir()
	return Files{Config: filepath.Join(folder, "encryption-config.json"), State: filepath.Join(folder, "encryption-state.json")}
}

// transformer is what the API server makes of the configuration for Secrets.
func transformer(t *testing.T, f Files) value.Transformer {
	t.Helper()
	config, err := encryptionconfig.LoadEncryptionConfig(t.Context(), f.Config, true, "test")
	if err != nil {
		t.Fatal(err)
	}
	found, ok := config.Transformers[schema.GroupResource{Resource: "secrets"}]
	if !ok {
		t.Fatal("nothing encrypts Secrets")
	}
	return found
}

func encrypt(t *testing.T, by value.Transformer, text string) []byte {
	t.Helper()
	written, err := by.TransformToStorage(t.Context(), []byte(text), value.DefaultContext("/registry/secrets/a/b"))
	if err != nil {
		t.Fatal(err)
	}
	return written
}

func decrypt(t *testing.T, by value.Transformer, written []byte) string {
	t.Helper()
	text, _, err := by.TransformFromStorage(t.Context(), written, value.DefaultContext("/registry/secrets/a/b"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// dump is every byte of a datastore into which these were written.
func dump(t *testing.T, values map[string][]byte) []byte {
	t.Helper()
	folder := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	socket := filepath.Join(folder, "kine.sock")
	if err := datastore.Start(ctx, &group, filepath.Join(folder, "db", "state.db"), socket); err != nil {
		t.Fatal(err)
	}
	client, err := etcd.New(etcd.Config{Endpoints: []string{"unix://" + socket}})
	if err != nil {
		t.Fatal(err)
	}
	for key, written := range values {
		absent := etcd.Compare(etcd.ModRevision(key), "=", 0)
		if _, err := client.Txn(ctx).If(absent).Then(etcd.OpPut(key, string(written))).Commit(); err != nil {
			t.Fatal(err)
		}
	}
	client.Close()
	stop()
	group.Wait()
	found, err := filepath.Glob(filepath.Join(folder, "db", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, file := range found {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	return all
}

func TestSecretsAreUnreadableInTheDatastoresFiles(t *testing.T) {
	f := files(t)
	if err := f.Ensure(); err != nil {
		t.Fatal(err)
	}
	by := transformer(t, f)
	written := encrypt(t, by, plain)
	text := dump(t, map[string][]byte{"/registry/secrets/a/b": written, "/registry/configmaps/a/b": []byte("what all may read")})
	if bytes.Contains(text, []byte(plain)) {
		t.Error("the Secret stands readable in the datastore")
	}
	for _, part := range []string{"k8s:enc:aescbc:v1:aescbckey:", "what all may read"} {
		if !bytes.Contains(text, []byte(part)) {
			t.Errorf("%q is missing in the datastore: nothing was looked at", part)
		}
	}
	if got := decrypt(t, by, written); got != plain {
		t.Errorf("read %q", got)
	}
	for _, file := range []string{f.Config, f.State} {
		if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s can be read by others: %v, %v", file, info.Mode(), err)
		}
	}
}

func TestAKeyStaysOverStarts(t *testing.T) {
	f := files(t)
	if err := f.Ensure(); err != nil {
		t.Fatal(err)
	}
	written := encrypt(t, transformer(t, f), plain)
	if err := f.Ensure(); err != nil {
		t.Fatal(err)
	}
	if got := decrypt(t, transformer(t, f), written); got != plain {
		t.Errorf("read %q", got)
	}
}

// server is a control plane that holds a Secret.
func server(t *testing.T, encrypts bool) *Server {
	t.Helper()
	client := fake.NewClientset(&core.Secret{ObjectMeta: meta.ObjectMeta{Name: "one", Namespace: "a"}})
	return &Server{
		Files:    files(t),
		Encrypts: encrypts,
		Client:   func() (kubernetes.Interface, error) { return client, nil },
		reloaded: func(context.Context, float64) error { return nil },
	}
}

func (s *Server) ask(t *testing.T, asked Request) error {
	t.Helper()
	return s.change(t.Context(), asked)
}

func TestAClusterWithoutEncryptionGetsIt(t *testing.T) {
	s := server(t, false)
	yes, rotate := true, RotateKeys
	if state, err := s.state(); err != nil || state.Enable != nil {
		t.Fatalf("before: %+v, %v", state, err)
	}
	if err := s.ask(t, Request{Stage: &rotate}); err == nil || !strings.Contains(err.Error(), "missing annotation") {
		t.Errorf("keys are rotated where nothing is encrypted: %v", err)
	}
	if err := s.ask(t, Request{Enable: &yes}); err != nil {
		t.Fatal(err)
	}
	written := encrypt(t, transformer(t, s.Files), plain)
	if string(written) != plain {
		t.Error("it is encrypted before anybody asked for a key")
	}
	// As a start with secrets-encryption.
	s.Encrypts = true
	if err := s.Ensure(); err != nil {
		t.Fatal(err)
	}
	if state, err := s.state(); err != nil || *state.Enable || state.Stage != stageStart || !state.HashMatch {
		t.Fatalf("after the start: %+v, %v", state, err)
	}
	if err := s.ask(t, Request{Stage: &rotate}); err != nil {
		t.Fatal(err)
	}
	state, err := s.state()
	if err != nil || !*state.Enable || state.Stage != stageFinished || !strings.HasPrefix(state.ActiveKey, "AES-CBC aescbckey-") {
		t.Fatalf("after the key: %+v, %v", state, err)
	}
	by := transformer(t, s.Files)
	if decrypt(t, by, written) != plain || bytes.Contains(encrypt(t, by, plain), []byte(plain)) {
		t.Error("what was readable cannot be read any more, or is written readable still")
	}
	if client, _ := s.Client(); len(client.(*fake.Clientset).Actions()) != 2 {
		t.Errorf("not every Secret was written anew: %v", client.(*fake.Clientset).Actions())
	}
}

func TestASecondEnableIsRefusedAndAnEnabledOneIsLeftAlone(t *testing.T) {
	s := server(t, false)
	yes := true
	if err := s.ask(t, Request{Enable: &yes}); err != nil {
		t.Fatal(err)
	}
	if err := s.ask(t, Request{Enable: &yes}); err == nil {
		t.Error("the official program refuses it")
	}
	s = server(t, true)
	if err := s.Ensure(); err != nil {
		t.Fatal(err)
	}
	if err := s.ask(t, Request{Enable: &yes}); err != nil {
		t.Error(err)
	}
}

func TestAFormerKeyReadsUntilEverythingIsWrittenAnew(t *testing.T) {
	s := server(t, true)
	if err := s.Ensure(); err != nil {
		t.Fatal(err)
	}
	written := encrypt(t, transformer(t, s.Files), plain)
	rotate := RotateKeys
	s.reloaded = func(context.Context, float64) error {
		if decrypt(t, transformer(t, s.Files), written) != plain {
			t.Error("the former key is gone too early")
		}
		return nil
	}
	if err := s.ask(t, Request{Stage: &rotate}); err != nil {
		t.Fatal(err)
	}
	if keys, _, err := s.read(); err != nil || len(keys) != 1 {
		t.Errorf("%d keys are left, %v", len(keys), err)
	}
}
