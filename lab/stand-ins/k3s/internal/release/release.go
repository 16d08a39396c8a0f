// Package release names what was built.
package release

// Version is the K3s release whose parts and behaviour this build has.
var Version = "v1.36.3+k3s1"

// Commit stands where the official program prints its commit.
const Commit = "lab stand-in"
