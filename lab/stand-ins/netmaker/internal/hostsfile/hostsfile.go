// Package hostsfile keeps names in /etc/hosts, between two marks, and leaves the rest as it is.
package hostsfile

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"syscall"

	"fogline/lab/netmaker/internal/file"
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
	err = file.Replace(path, []byte(next), 0o644)
	if errors.Is(err, syscall.EBUSY) {
		// In a container the file is a mount, which cannot be replaced.
		return os.WriteFile(path, []byte(next), 0o644)
	}
	return err
}

// ours is what stands between the marks, and the marks; to the file's end where the second is missing.
var ours = regexp.MustCompile(`(?ms)^` + begin + `$.*?(^` + end + `$\n?|\z)`)

// Render gives the file's new text.
func Render(old string, entries []model.DNSEntry) string {
	text := ours.ReplaceAllString(old, "")
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
