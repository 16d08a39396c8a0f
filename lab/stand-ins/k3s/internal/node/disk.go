package node

import (
	"os"
	"path/filepath"
	"strings"
)

// diskVisible reports whether the device of a folder is accessible here. In a machine
// whose disk belongs to its host it cannot, and then kubelet knows no sizes to act on.
func diskVisible(folder string) bool {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false
	}
	source := sourceOf(string(text), folder)
	if !strings.HasPrefix(source, "/dev/") {
		return true // not a disk: nothing to look up
	}
	_, err = os.Stat(source)
	return err == nil
}

// sourceOf returns the device that is mounted at the folder.
func sourceOf(mountinfo, folder string) string {
	longest, source := -1, ""
	for line := range strings.Lines(mountinfo) {
		before, after, ok := strings.Cut(line, " - ")
		head, tail := strings.Fields(before), strings.Fields(after)
		if !ok || len(head) < 5 || len(tail) < 2 {
			continue
		}
		point := head[4]
		relative, err := filepath.Rel(point, folder)
		if err != nil || relative == ".." || strings.HasPrefix(relative, "../") {
			continue
		}
		// A later mount on the same point hides the earlier one.
		if len(point) >= longest {
			longest, source = len(point), tail[1]
		}
	}
	return source
}
