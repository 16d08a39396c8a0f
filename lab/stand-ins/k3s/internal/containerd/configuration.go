package containerd

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"fogline/lab/k3s/internal/layout"
)

// host is what the machine lets a runtime do.
type host struct {
	appArmor      bool
	lowerOOMScore bool
	systemdCgroup bool
}

const systemd = "systemd"

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
	var capabilities [2]unix.CapUserData // the first holds those up to number 31
	if err := unix.Capget(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &capabilities[0]); err != nil {
		return host{}, err
	}
	return host{
		appArmor:      bytes.HasPrefix(enabled, []byte("Y")),
		lowerOOMScore: capabilities[0].Effective&(1<<unix.CAP_SYS_RESOURCE) != 0,
		systemdCgroup: CgroupDriver() == systemd,
	}, nil
}

// configuration is containerd's, of the version that containerd 1.7 and 2 both read. It may hold passwords.
func configuration(pause string, h host, r *registries) string {
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
%s`,
		layout.ContainerdRoot, layout.ContainerdState, layout.ContainerdSocket, pause, !h.appArmor, !h.lowerOOMScore,
		h.systemdCgroup, layout.NetworkPlugins, layout.NetworkConfigDir, layout.RegistryHostsDir, r.logins())
}
