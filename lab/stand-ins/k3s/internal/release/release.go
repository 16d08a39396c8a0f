// Package release holds the version of this build.
package release

// Version is the K3s release whose parts and behaviour this build has.
var Version = "v1.36.3+k3s1"

// Commit is printed where K3s prints its commit.
const Commit = "lab stand-in"
