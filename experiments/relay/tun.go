package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openTun makes a TUN device and brings it up. It has no address and goes with this process. The kernel hands
// over whole packets no larger than the MTU with their checksums, as no offload is asked for.
func openTun(name string, mtu int) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w (it needs root, and a kernel with TUN)", err)
	}
	if err := setUp(fd, name, mtu); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), name), nil
}

func setUp(fd int, name string, mtu int) error {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return fmt.Errorf("-device %s: %w", name, err)
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return fmt.Errorf("-device %s: %w (another relay may have it)", name, err)
	}
	// So that Close ends a read.
	if err := unix.SetNonblock(fd, true); err != nil {
		return err
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	request.SetUint32(uint32(mtu))
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFMTU, request); err != nil {
		return fmt.Errorf("-mtu %d: %w", mtu, err)
	}
	if err := unix.IoctlIfreq(socket, unix.SIOCGIFFLAGS, request); err != nil {
		return err
	}
	request.SetUint16(request.Uint16() | unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("bringing %s up: %w", name, err)
	}
	return nil
}

// raw sends whole IPv4 packets as this machine's own: their routes are looked up anew, with a mark.
type raw struct{ fd int }

// sendBuffer holds what a slow interface has not taken yet, bytes.
const sendBuffer = 4 << 20

func openRaw(mark int) (*raw, error) {
	// With this protocol packets bring their own headers (raw(7)).
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return nil, fmt.Errorf("a raw socket: %w (it needs root)", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, mark); err != nil {
		return nil, errors.Join(fmt.Errorf("-mark %d: %w", mark, err), unix.Close(fd))
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBuffer); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return &raw{fd}, nil
}

func (r *raw) send(packet []byte) error {
	var to unix.SockaddrInet4
	copy(to.Addr[:], packet[16:20])
	return unix.Sendto(r.fd, packet, 0, &to)
}
