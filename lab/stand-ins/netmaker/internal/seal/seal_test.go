package seal

import (
	"bytes"
	"crypto/rand"
	"testing"

	"golang.org/x/crypto/nacl/box"
)

func TestMessagesAreReadByTheOneTheyAreForAlone(t *testing.T) {
	hostPublic, hostPrivate, _ := box.GenerateKey(rand.Reader)
	serverPublic, serverPrivate, _ := box.GenerateKey(rand.Reader)
	other, _, _ := box.GenerateKey(rand.Reader)
	var got string

	message, err := ForHost("to the host", hostPublic[:])
	if err != nil || bytes.Contains(message, []byte("to the host")) {
		t.Fatalf("%q, %v", message, err)
	}
	if err := OpenAtHost(message, hostPublic[:], &got); err != nil || got != "to the host" {
		t.Errorf("%q, %v", got, err)
	}
	if OpenAtHost(message, other[:], &got) == nil || OpenAtHost(message[:5], hostPublic[:], &got) == nil {
		t.Error("opened by another key, or from a part")
	}

	message, err = ForServer("to the server", serverPublic[:], hostPrivate[:])
	if err != nil {
		t.Fatal(err)
	}
	if err := OpenAtServer(message, hostPublic[:], serverPrivate[:], &got); err != nil || got != "to the server" {
		t.Errorf("%q, %v", got, err)
	}
	if OpenAtServer(message, other[:], serverPrivate[:], &got) == nil || OpenAtServer(nil, hostPublic[:], serverPrivate[:], &got) == nil {
		t.Error("taken for another host's, or from nothing")
	}
	if _, err := ForHost("", []byte("short")); err == nil {
		t.Error("sealed with a short key")
	}
}
