// Package pki issues the certificates of a cluster and keeps them in files.
package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/renameio/v2"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

const (
	leafLife = 365 * 24 * time.Hour
	// A leaf with less than this left is issued anew at the next start, as K3s does.
	renewBefore = 120 * 24 * time.Hour
)

// Authority is a CA whose certificate and key are stored in files.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	// PEM is the CA's certificate.
	PEM []byte
}

// Subject is what a leaf certificate says about its owner.
type Subject struct {
	CommonName    string
	Organizations []string
	// Names are DNS names and IP addresses that a server answers to; empty for clients.
	Names []string
}

// OpenAuthority reads a CA or makes it. base is its path without .crt and .key.
func OpenAuthority(base string) (*Authority, error) {
	text, err := os.ReadFile(base + ".crt")
	if os.IsNotExist(err) {
		text, err = createAuthority(base)
	}
	if err != nil {
		return nil, fmt.Errorf("the CA %s: %w", base, err)
	}
	certificates, err := cert.ParseCertsPEM(text)
	if err != nil {
		return nil, fmt.Errorf("%s.crt: %w", base, err)
	}
	key, err := readKey(base + ".key")
	if err != nil {
		return nil, err
	}
	return &Authority{certificate: certificates[0], key: key, PEM: text}, nil
}

func createAuthority(base string) ([]byte, error) {
	key, err := EnsureKey(base + ".key")
	if err != nil {
		return nil, err
	}
	now := time.Now()
	name := fmt.Sprintf("k3s-%s@%d", filepath.Base(base), now.Unix())
	certificate, err := cert.NewSelfSignedCACert(cert.Config{CommonName: name, NotBefore: now.Add(-time.Minute)}, key)
	if err != nil {
		return nil, err
	}
	text, err := cert.EncodeCertificates(certificate)
	if err != nil {
		return nil, err
	}
	return text, WriteFile(base+".crt", text, 0o644)
}

// Sign issues a certificate, chain included, for a public key.
func (a *Authority) Sign(public crypto.PublicKey, subject Subject) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: subject.CommonName, Organization: subject.Organizations},
		NotBefore:    now.Add(-time.Minute),
		NotAfter:     now.Add(leafLife),
		KeyUsage:     x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if len(subject.Names) > 0 {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	for _, name := range subject.Names {
		if address := net.ParseIP(name); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, public, a.key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: cert.CertificateBlockType, Bytes: der})
	return append(text, a.PEM...), nil
}

// Ensure keeps base.crt and base.key valid: they are issued when missing, about to expire, signed by
// another CA, or issued for another subject.
func (a *Authority) Ensure(base string, subject Subject) error {
	if a.good(base, subject) {
		return nil
	}
	key, err := EnsureKey(base + ".key")
	if err != nil {
		return err
	}
	text, err := a.Sign(key.Public(), subject)
	if err != nil {
		return fmt.Errorf("issue %s.crt: %w", base, err)
	}
	return WriteFile(base+".crt", text, 0o644)
}

func (a *Authority) good(base string, subject Subject) bool {
	if there, err := cert.CanReadCertAndKey(base+".crt", base+".key"); !there || err != nil {
		return false
	}
	certificates, err := cert.CertsFromFile(base + ".crt")
	if err != nil {
		return false
	}
	leaf := certificates[0]
	if leaf.CheckSignatureFrom(a.certificate) != nil || time.Until(leaf.NotAfter) < renewBefore {
		return false
	}
	if leaf.Subject.CommonName != subject.CommonName || len(leaf.IPAddresses)+len(leaf.DNSNames) != len(subject.Names) {
		return false
	}
	return !slices.ContainsFunc(subject.Names, func(name string) bool { return leaf.VerifyHostname(name) != nil })
}

// EnsureKey reads a private key or makes one.
func EnsureKey(file string) (crypto.Signer, error) {
	if _, _, err := keyutil.LoadOrGenerateKeyFile(file); err != nil {
		return nil, err
	}
	return readKey(file)
}

func readKey(file string) (crypto.Signer, error) {
	key, err := keyutil.PrivateKeyFromFile(file)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s holds a key that cannot sign", file)
	}
	return signer, nil
}

// WriteFile writes a file atomically and creates its directory.
func WriteFile(file string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(file, content, mode, renameio.IgnoreUmask(), renameio.WithTempDir(filepath.Dir(file)))
}
