// Package seal encrypts what hosts and server send each other through the broker. Messages to hosts
// are made as the official server makes them for netclient 0.30 and newer: gzip, then AES-GCM under
// the host's public traffic key, which server and host alone know. Messages to the server are one NaCl
// box, where the official netclient cuts them in pieces.
package seal

import (
	"bytes"
	"compress/gzip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/nacl/box"
)

const (
	keyLength   = 32
	nonceLength = 24
	// maxMessage bounds what a message may unpack to, in bytes.
	maxMessage = 16 << 20
)

var errSealed = errors.New("message was not sealed for this key")

// ForHost seals a value for a host.
func ForHost(value any, trafficKey []byte) ([]byte, error) {
	gcm, err := newGCM(trafficKey)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if err := json.NewEncoder(zip).Encode(value); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	nonce := make([]byte, gcm.NonceSize())
	rand.Read(nonce)
	return gcm.Seal(nonce, nonce, packed.Bytes(), nil), nil
}

// OpenAtHost opens what ForHost sealed.
func OpenAtHost(message, trafficKey []byte, value any) error {
	gcm, err := newGCM(trafficKey)
	if err != nil {
		return err
	}
	if len(message) < gcm.NonceSize() {
		return errSealed
	}
	packed, err := gcm.Open(nil, message[:gcm.NonceSize()], message[gcm.NonceSize():], nil)
	if err != nil {
		return errSealed
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	return json.NewDecoder(io.LimitReader(zip, maxMessage)).Decode(value)
}

func newGCM(key []byte) (cipher.AEAD, error) {
	if len(key) < keyLength {
		return nil, fmt.Errorf("traffic key has %d bytes, not %d", len(key), keyLength)
	}
	block, err := aes.NewCipher(key[:keyLength])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// ForServer seals a value for the server, from a host.
func ForServer(value any, serverPublic, hostPrivate []byte) ([]byte, error) {
	message, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var nonce [nonceLength]byte
	rand.Read(nonce[:])
	public, private, err := keys(serverPublic, hostPrivate)
	if err != nil {
		return nil, err
	}
	return box.Seal(nonce[:], message, &nonce, public, private), nil
}

// OpenAtServer opens what ForServer sealed, and proves which host did.
func OpenAtServer(message, hostPublic, serverPrivate []byte, value any) error {
	public, private, err := keys(hostPublic, serverPrivate)
	if err != nil {
		return err
	}
	if len(message) < nonceLength {
		return errSealed
	}
	opened, ok := box.Open(nil, message[nonceLength:], (*[nonceLength]byte)(message), public, private)
	if !ok {
		return errSealed
	}
	return json.Unmarshal(opened, value)
}

func keys(public, private []byte) (*[keyLength]byte, *[keyLength]byte, error) {
	if len(public) != keyLength || len(private) != keyLength {
		return nil, nil, fmt.Errorf("traffic keys have %d and %d bytes, not %d", len(public), len(private), keyLength)
	}
	return (*[keyLength]byte)(public), (*[keyLength]byte)(private), nil
}
