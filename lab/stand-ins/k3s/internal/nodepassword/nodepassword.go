// Package nodepassword reserves a node's name for the machine that registered it first, as K3s does: the
// machine sends a password of its own when it joins, and the cluster keeps its hash.
package nodepassword

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/scrypt"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	client "k8s.io/client-go/kubernetes/typed/core/v1"

	"fogline/lab/k3s/internal/pki"
	"fogline/lab/k3s/internal/token"
)

// SecretType is that of the secrets which hold the hashes.
const SecretType core.SecretType = "k3s.cattle.io/node-password"

// ErrRejected says that another machine has the name.
var ErrRejected = errors.New("unable to verify password")

// Cost of a hash, as in the official program.
const (
	costExponent = 15
	blockSize    = 8
	parallel     = 1
	keyLength    = 64
	hashForm     = "$1:%x:%d:%d:%d:%s"
)

// SecretName is the secret of a node.
func SecretName(node string) string { return strings.ToLower(node) + ".node-password.k3s" }

// Ensure checks a node's password, or keeps its hash where the name is new.
func Ensure(ctx context.Context, secrets client.SecretInterface, node, password string) error {
	secret, err := secrets.Get(ctx, SecretName(node), meta.GetOptions{})
	if apierrors.IsNotFound(err) {
		return create(ctx, secrets, node, password)
	}
	if err != nil {
		return err
	}
	if !matches(string(secret.Data["hash"]), password) {
		return fmt.Errorf("%w for node %s: hash does not match", ErrRejected, node)
	}
	return nil
}

func create(ctx context.Context, secrets client.SecretInterface, node, password string) error {
	text, err := hash(password)
	if err != nil {
		return err
	}
	_, err = secrets.Create(ctx, &core.Secret{
		ObjectMeta: meta.ObjectMeta{Name: SecretName(node), Namespace: meta.NamespaceSystem},
		Type:       SecretType,
		Immutable:  new(true),
		Data:       map[string][]byte{"hash": []byte(text)},
	}, meta.CreateOptions{})
	return err
}

func hash(password string) (string, error) {
	salt := make([]byte, 8)
	_, _ = rand.Read(salt) // never fails, says its documentation
	key, err := scrypt.Key([]byte(password), salt, 1<<costExponent, blockSize, parallel, keyLength)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(hashForm, salt, costExponent, blockSize, parallel, base64.RawStdEncoding.EncodeToString(key)), nil
}

func matches(text, password string) bool {
	var salt []byte
	var exponent uint
	var block, lanes int
	var encoded string
	if _, err := fmt.Sscanf(text, hashForm, &salt, &exponent, &block, &lanes, &encoded); err != nil {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return false
	}
	key, err := scrypt.Key([]byte(password), salt, 1<<exponent, block, lanes, len(want))
	return err == nil && subtle.ConstantTimeCompare(key, want) == 1
}

// Own reads this machine's password, which is made when missing.
func Own(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	password := token.New()
	return password, pki.WriteFile(file, []byte(password+"\n"), 0o600)
}
