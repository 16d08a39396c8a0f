// Package flags merges a component's flags with those that the user adds.
package flags

import (
	"sort"
	"strings"
)

// Set is a component's flags by name, without dashes.
type Set map[string]string

// With puts the user's "name=value" in place of the defaults of the same name, and returns
// "--name=value" in order of names. A name given twice by the user appears twice.
func (s Set) With(user []string) []string {
	replaced := map[string]bool{}
	var merged []string
	for _, entry := range user {
		entry = strings.TrimLeft(entry, "-")
		name, _, given := strings.Cut(entry, "=")
		if !given {
			entry += "=true"
		}
		replaced[name] = true
		merged = append(merged, "--"+entry)
	}
	for name, value := range s {
		if !replaced[name] {
			merged = append(merged, "--"+name+"="+value)
		}
	}
	sort.SliceStable(merged, func(i, j int) bool { return nameOf(merged[i]) < nameOf(merged[j]) })
	return merged
}

func nameOf(flag string) string {
	name, _, _ := strings.Cut(flag, "=")
	return name
}
