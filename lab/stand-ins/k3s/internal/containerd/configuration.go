package containerd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"fogline/lab/k3s/internal/layout"
)

// host is what the machine lets a runtime do.
type host struct {
	appArmor      bool
	lowerOOMScore bool
	systemdCgroup bool
}

const (
	capSysResource = 24
	systemd        = "systemd"
)

// CgroupDriver is what kubelet and runtime must both use: the service manager where it runs this process
// and the unified hierarchy is there, as the official program decides it. On cgroup v1 nothing but cgroupfs
// works here.
func CgroupDriver() string {
	_, unified := os.Stat("/sys/fs/cgroup/cgroup.controllers")
	_, running := os.Stat("/run/systemd/system")
	if unified == nil && running == nil && os.Getenv("INVOCATION_ID") != "" {
		return systemd
	}
	return "cgroupfs"
}

func inspect() (host, error) {
	enabled, err := os.ReadFile("/sys/module/apparmor/parameters/enabled")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return host{}, err
	}
	capabilities, err := effectiveCapabilities()
	if err != nil {
		return host{}, err
	}
	return host{
		appArmor:      bytes.HasPrefix(enabled, []byte("Y")),
		lowerOOMScore: capabilities&(1<<capSysResource) != 0,
		systemdCgroup: CgroupDriver() == systemd,
	}, nil
}

func effectiveCapabilities() (uint64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "CapEff:"); ok {
			return strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		}
	}
	return 0, errors.New("/proc/self/status names no capabilities")
}

// configuration is containerd's, of the version that containerd 1.7 and 2 both read.
func configuration(pause string, h host) string {
	return fmt.Sprintf(`# Written at start.
version = 2
root = %q
state = %q

[grpc]
address = %q

[plugins."io.containerd.grpc.v1.cri"]
stream_server_address = "127.0.0.1"
stream_server_port = "10010"
sandbox_image = %q
disable_apparmor = %t
restrict_oom_score_adj = %t
enable_unprivileged_ports = true
enable_unprivileged_icmp = true

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = %t

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = %q
conf_dir = %q

[plugins."io.containerd.grpc.v1.cri".registry]
config_path = %q
`,
		layout.ContainerdRoot, layout.ContainerdState, layout.ContainerdSocket, pause, !h.appArmor, !h.lowerOOMScore,
		h.systemdCgroup, layout.NetworkPlugins, layout.NetworkConfigDir, layout.RegistryHostsDir)
}
