// Package encryption keeps the keys by which the API server encrypts Secrets in the datastore, with the files,
// stages and answers of the official program.
package encryption

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	api "k8s.io/apiserver/pkg/apis/apiserver/v1"

	"fogline/lab/k3s/internal/pki"
)

const (
	stageStart    = "start"
	stageFinished = "reencrypt_finished"
	keySize       = 32
)

// Files are where the configuration is kept, which the API server reads, and the stage that it is in.
type Files struct{ Config, State string }

// Ensure makes a key where no configuration is there yet, so that Secrets are encrypted from the first start on. One
// that is there stays as it is, whatever it says.
func (f Files) Ensure() error {
	text, err := os.ReadFile(f.Config)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if len(text) > 0 {
		if _, err := os.Stat(f.State); errors.Is(err, os.ErrNotExist) {
			return f.writeStage(stageStart)
		}
		return nil
	}
	key, err := newKey("aescbckey")
	if err != nil {
		return err
	}
	if err := f.write([]api.Key{key}, true); err != nil {
		return err
	}
	return f.writeStage(stageStart)
}

func newKey(name string) (api.Key, error) {
	secret := make([]byte, keySize)
	_, err := rand.Read(secret)
	return api.Key{Name: name, Secret: base64.StdEncoding.EncodeToString(secret)}, err
}

// write puts the first key in charge of what is written from now on, or nobody.
func (f Files) write(keys []api.Key, enabled bool) error {
	identity := api.ProviderConfiguration{Identity: &api.IdentityConfiguration{}}
	providers := []api.ProviderConfiguration{identity}
	if len(keys) > 0 {
		cipher := api.ProviderConfiguration{AESCBC: &api.AESConfiguration{Keys: keys}}
		// Whoever stands first encrypts; all of them decrypt.
		providers = []api.ProviderConfiguration{cipher, identity}
		if !enabled {
			providers = []api.ProviderConfiguration{identity, cipher}
		}
	}
	text, err := json.Marshal(api.EncryptionConfiguration{
		TypeMeta:  meta.TypeMeta{Kind: "EncryptionConfiguration", APIVersion: "apiserver.config.k8s.io/v1"},
		Resources: []api.ResourceConfiguration{{Resources: []string{"secrets"}, Providers: providers}},
	})
	if err != nil {
		return err
	}
	return pki.WriteFile(f.Config, text, 0o600)
}

// read returns the keys, and whether the first of them encrypts.
func (f Files) read() (keys []api.Key, enabled bool, err error) {
	text, err := os.ReadFile(f.Config)
	if err != nil {
		return nil, false, err
	}
	var config api.EncryptionConfiguration
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, false, fmt.Errorf("%s: %w", f.Config, err)
	}
	if len(config.Resources) != 1 || len(config.Resources[0].Providers) == 0 {
		return nil, false, fmt.Errorf("%s: not a configuration that this program wrote", f.Config)
	}
	providers := config.Resources[0].Providers
	for _, provider := range providers {
		if provider.AESCBC != nil {
			keys = append(keys, provider.AESCBC.Keys...)
		}
		if provider.AESGCM != nil || provider.KMS != nil || provider.Secretbox != nil {
			return nil, false, errors.New("unsupported encryption keys found")
		}
	}
	return keys, providers[0].AESCBC != nil, nil
}

func (f Files) hash() (string, error) {
	text, err := os.ReadFile(f.Config)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

func (f Files) writeStage(stage string) error {
	hash, err := f.hash()
	if err != nil {
		return err
	}
	return pki.WriteFile(f.State, []byte(stage+"-"+hash), 0o600)
}

// stage returns the stage, and whether the configuration is that of this stage.
func (f Files) stage() (string, bool, error) {
	text, err := os.ReadFile(f.State)
	if err != nil {
		return "", false, err
	}
	hash, err := f.hash()
	if err != nil {
		return "", false, err
	}
	stage, of, found := strings.Cut(string(text), "-")
	if !found {
		return "", false, fmt.Errorf("%s: no stage", f.State)
	}
	return stage, of == hash, nil
}

// prepare writes a configuration that encrypts nothing, from which rotate goes on.
func (f Files) prepare() error {
	if _, err := os.Stat(f.Config); err == nil {
		return errors.New("unable to enable/disable secrets encryption, unknown configuration")
	}
	return f.write(nil, false)
}

// rotate puts a new key before all others.
func (f Files) rotate(now time.Time) error {
	keys, _, err := f.read()
	if err != nil {
		return err
	}
	key, err := newKey("aescbckey-" + now.Format(time.RFC3339))
	if err != nil {
		return err
	}
	return f.write(append([]api.Key{key}, keys...), true)
}

// finish drops the keys that encrypt nothing any more.
func (f Files) finish() error {
	keys, _, err := f.read()
	if err != nil {
		return err
	}
	if err := f.write(keys[:1], true); err != nil {
		return err
	}
	return f.writeStage(stageFinished)
}
