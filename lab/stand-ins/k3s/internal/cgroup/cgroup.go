// Package cgroup tells how control groups are managed on this machine.
package cgroup

import "os"

const (
	// Systemd lets the service manager make the groups.
	Systemd = "systemd"
	// Filesystem makes them by hand; on cgroup v1 nothing else works here.
	Filesystem = "cgroupfs"
)

// Driver is what kubelet and runtime must both use: the service manager where it runs this process
// and the unified hierarchy is there, as the official program decides it.
func Driver() string {
	_, unified := os.Stat("/sys/fs/cgroup/cgroup.controllers")
	_, systemd := os.Stat("/run/systemd/system")
	if unified == nil && systemd == nil && os.Getenv("INVOCATION_ID") != "" {
		return Systemd
	}
	return Filesystem
}
