// Package hostsfile keeps names in /etc/hosts, between two marks, and leaves the rest as it is.
package hostsfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"fogline/lab/netmaker/internal/model"
)

const (
	// Path is where the names go.
	Path = "/etc/hosts"

	begin = "# netclient: begin, written by netclient"
	end   = "# netclient: end"
)

// Write puts the entries between the marks; without entries it removes the marks.
func Write(path string, entries []model.DNSEntry) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	next := Render(string(old), entries)
	if next == string(old) {
		return nil
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".hosts.")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(next)
	if err = errors.Join(err, draft.Chmod(0o644), draft.Close()); err != nil {
		return err
	}
	err = os.Rename(draft.Name(), path)
	if errors.Is(err, syscall.EBUSY) {
		// In a container the file is a mount, which cannot be replaced.
		return os.WriteFile(path, []byte(next), 0o644)
	}
	return err
}

// Render gives the file's new text.
func Render(old string, entries []model.DNSEntry) string {
	var kept []string
	inside := false
	for line := range strings.Lines(old) {
		switch strings.TrimSpace(line) {
		case begin:
			inside = true
			continue
		case end:
			inside = false
			continue
		}
		if !inside {
			kept = append(kept, line)
		}
	}
	text := strings.Join(kept, "")
	if len(entries) == 0 {
		return text
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	lines := []string{begin}
	for _, entry := range entries {
		for _, address := range []string{entry.Address, entry.Address6} {
			if address != "" {
				lines = append(lines, address+" "+entry.Name)
			}
		}
	}
	return text + strings.Join(append(lines, end, ""), "\n")
}
