package pki

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/util/cert"
)

func TestEnsureIssuesOnceAndAgainWhenNamesChange(t *testing.T) {
	folder := t.TempDir()
	ca, err := OpenAuthority(filepath.Join(folder, "ca"))
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(folder, "serving")
	read := func(names ...string) string {
		t.Helper()
		if err := ca.Ensure(base, Subject{CommonName: "x", Names: names}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(base + ".crt")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	first := read("localhost", "10.0.0.1")
	if read("localhost", "10.0.0.1") != first {
		t.Error("a good certificate was issued anew")
	}
	if read("localhost", "10.0.0.2") == first {
		t.Error("a new address did not lead to a new certificate")
	}
	again, err := OpenAuthority(filepath.Join(folder, "ca"))
	if err != nil || string(again.PEM) != string(ca.PEM) {
		t.Errorf("the CA did not stay: %v", err)
	}
}

func TestSignRequestTakesTheSubjectOfTheServer(t *testing.T) {
	folder := t.TempDir()
	ca, err := OpenAuthority(filepath.Join(folder, "ca"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := Request(filepath.Join(folder, "node.key"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := ca.SignRequest(request, Subject{CommonName: "system:node:pi", Organizations: []string{"system:nodes"}})
	if err != nil {
		t.Fatal(err)
	}
	chain, err := cert.ParseCertsPEM(text)
	if err != nil {
		t.Fatal(err)
	}
	leaf := chain[0]
	if leaf.Subject.CommonName != "system:node:pi" || leaf.CheckSignatureFrom(ca.certificate) != nil {
		t.Errorf("issued %v", leaf.Subject)
	}
	if _, err := ca.SignRequest([]byte("nonsense"), Subject{}); err == nil {
		t.Error("nonsense was signed")
	}
}
