package nodepassword

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func TestTheNameBelongsToTheFirstMachine(t *testing.T) {
	ctx := context.Background()
	secrets := fake.NewClientset().CoreV1().Secrets(meta.NamespaceSystem)
	for _, attempt := range []struct {
		node, password string
		rejected       bool
	}{{"Pi", "mine", false}, {"pi", "mine", false}, {"pi", "another's", true}, {"attic", "another's", false}} {
		err := Ensure(ctx, secrets, attempt.node, attempt.password)
		if errors.Is(err, ErrRejected) != attempt.rejected || err != nil && !attempt.rejected {
			t.Errorf("%+v: got %v", attempt, err)
		}
	}
	secret, err := secrets.Get(ctx, "pi.node-password.k3s", meta.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if secret.Type != SecretType || !regexp.MustCompile(`^\$1:[0-9a-f]{16}:15:8:1:`).Match(secret.Data["hash"]) {
		t.Errorf("kept %s of type %s", secret.Data["hash"], secret.Type)
	}
	if err := secrets.Delete(ctx, secret.Name, meta.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := Ensure(ctx, secrets, "pi", "another's"); err != nil {
		t.Errorf("the name is not free: %v", err)
	}
}

func TestAMachineKeepsItsPassword(t *testing.T) {
	file := filepath.Join(t.TempDir(), "node", "password")
	first, err := Own(file)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Own(file)
	if err != nil || first != second || len(first) != 32 {
		t.Errorf("got %q, then %q, %v", first, second, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("others can read it: %v, %v", info.Mode(), err)
	}
}
