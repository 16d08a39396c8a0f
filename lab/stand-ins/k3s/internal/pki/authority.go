// Package pki issues the certificates of a cluster and keeps them in files.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/util/keyutil"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 365 * 24 * time.Hour
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
func OpenAuthority(base, name string) (*Authority, error) {
	text, err := os.ReadFile(base + ".crt")
	if os.IsNotExist(err) {
		if err := createAuthority(base, name); err != nil {
			return nil, fmt.Errorf("make the CA %s: %w", base, err)
		}
		text, err = os.ReadFile(base + ".crt")
	}
	if err != nil {
		return nil, err
	}
	certificate, err := parseCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("%s.crt: %w", base, err)
	}
	key, err := readKey(base + ".key")
	if err != nil {
		return nil, err
	}
	return &Authority{certificate: certificate, key: key, PEM: text}, nil
}

func createAuthority(base, name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(0),
		Subject:               pkix.Name{CommonName: fmt.Sprintf("%s@%d", name, now.Unix())},
		NotBefore:             now.Add(-time.Minute),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	if err := writeKey(base+".key", key); err != nil {
		return err
	}
	return WriteFile(base+".crt", encode(der), 0o644)
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
	return append(encode(der), a.PEM...), nil
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
	text, err := os.ReadFile(base + ".crt")
	if err != nil {
		return false
	}
	if _, err := os.Stat(base + ".key"); err != nil {
		return false
	}
	leaf, err := parseCertificate(text)
	if err != nil || leaf.CheckSignatureFrom(a.certificate) != nil || time.Until(leaf.NotAfter) < renewBefore {
		return false
	}
	if leaf.Subject.CommonName != subject.CommonName || len(leaf.IPAddresses)+len(leaf.DNSNames) != len(subject.Names) {
		return false
	}
	for _, name := range subject.Names {
		if leaf.VerifyHostname(name) != nil {
			return false
		}
	}
	return true
}

// EnsureKey reads a private key or makes one.
func EnsureKey(file string) (crypto.Signer, error) {
	if _, err := os.Stat(file); err == nil {
		return readKey(file)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return key, writeKey(file, key)
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

func writeKey(file string, key *ecdsa.PrivateKey) error {
	text, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return err
	}
	return WriteFile(file, text, 0o600)
}

func parseCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("no PEM block")
	}
	return x509.ParseCertificate(block.Bytes)
}

func encode(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// WriteFile writes a file atomically and creates its directory.
func WriteFile(file string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	part := file + ".part"
	if err := os.Remove(part); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.WriteFile(part, content, mode); err != nil {
		return err
	}
	if err := os.Chmod(part, mode); err != nil {
		return err
	}
	return os.Rename(part, file)
}
