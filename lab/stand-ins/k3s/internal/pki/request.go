package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"

	"k8s.io/client-go/util/cert"
)

// Request is a signing request for the key in keyFile, which is made when missing. It carries no
// subject: the server decides whom the certificate is for.
func Request(keyFile string) ([]byte, error) {
	key, err := EnsureKey(keyFile)
	if err != nil {
		return nil, err
	}
	return cert.MakeCSR(key, &pkix.Name{}, nil, nil)
}

// SignRequest issues a certificate for the key of a signing request.
func (a *Authority) SignRequest(request []byte, subject Subject) ([]byte, error) {
	block, _ := pem.Decode(request)
	if block == nil {
		return nil, fmt.Errorf("the signing request is not PEM")
	}
	parsed, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, err
	}
	if err := parsed.CheckSignature(); err != nil {
		return nil, fmt.Errorf("the signing request is not signed by its key: %w", err)
	}
	return a.Sign(parsed.PublicKey, subject)
}
