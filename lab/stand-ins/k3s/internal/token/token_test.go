package token

import (
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	bundle := []byte("-----BEGIN CERTIFICATE-----\n")
	got, err := Parse(Format(bundle, Agent, "sec:ret"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Secret != "sec:ret" || got.Hash != Hash(bundle) {
		t.Errorf("got %+v", got)
	}
}

func TestBareSecretHasNoHash(t *testing.T) {
	for _, text := range []string{"abc", "K10abc"} {
		got, err := Parse(text)
		if err != nil || got.Hash != "" || got.Secret != text {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, text := range []string{"", "two words", "K10zz::server:x", "K10" + strings.Repeat("a", 64) + "::server"} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q was taken as %+v", text, got)
		}
	}
}

func TestNewIsRandom(t *testing.T) {
	if New() == New() || len(New()) != 32 {
		t.Error("secrets are not random")
	}
}
