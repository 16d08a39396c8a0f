// Package containerd runs the machine's containerd as K3s runs its own: with a generated
// configuration, its own socket and its own folders.
package containerd

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace/noop"
	cri "k8s.io/cri-client/pkg"

	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/options"
	"fogline/lab/k3s/internal/pki"
	"fogline/lab/k3s/internal/process"
)

const (
	readyWithin = 2 * time.Minute
	// Endpoint is where the kubelet finds the runtime.
	Endpoint = "unix://" + layout.ContainerdSocket
)

// Start runs containerd until the context ends and returns once it answers and the images of the
// node's folder are imported. Containers outlive it.
func Start(ctx context.Context, group *sync.WaitGroup, o *options.Options) error {
	program, err := exec.LookPath("containerd")
	if err != nil {
		return fmt.Errorf("this build uses the machine's containerd: %w", err)
	}
	known, err := readRegistries(o.PrivateRegistry)
	if err != nil {
		return err
	}
	if err := known.writeHosts(layout.RegistryHostsDir); err != nil {
		return err
	}
	host, err := inspect()
	if err != nil {
		return err
	}
	if err := pki.WriteFile(layout.ContainerdConfig, []byte(configuration(o.PauseImage, host, known)), 0o600); err != nil {
		return err
	}
	if err := os.MkdirAll(layout.ContainerdState, 0o711); err != nil {
		return err
	}
	process.Child{Name: "containerd", Path: program, Args: []string{"-c", layout.ContainerdConfig}}.Keep(ctx, group)
	if err := process.Await(ctx, "containerd answers", readyWithin, ask); err != nil {
		return err
	}
	return importImages(ctx)
}

func ask(ctx context.Context) error {
	if _, err := os.Stat(layout.ContainerdSocket); err != nil {
		return err
	}
	runtime, err := cri.NewRemoteRuntimeService(ctx, Endpoint, 2*time.Second, noop.NewTracerProvider(), false)
	if err != nil {
		return err
	}
	defer runtime.Close(ctx)
	_, err = runtime.Version(ctx, "")
	return err
}

// importImages loads the image archives of the node's images directory (K3s' air-gap installation).
func importImages(ctx context.Context) error {
	var archives []string
	for _, pattern := range []string{"*.tar", "*.tar.gz", "*.tgz", "*.tar.zst"} {
		found, err := filepath.Glob(filepath.Join(layout.ImagesDir, pattern))
		if err != nil {
			return err
		}
		archives = append(archives, found...)
	}
	for _, archive := range archives {
		began := time.Now()
		command := exec.CommandContext(ctx, "ctr", "--address", layout.ContainerdSocket, "--namespace", "k8s.io", "images", "import", archive)
		output, err := command.CombinedOutput()
		if err != nil {
			// As in K3s: the node starts nevertheless, and pods report the images that are missing.
			log.Printf("import of %s failed: %v: %s", archive, err, strings.TrimSpace(string(output)))
			continue
		}
		log.Printf("imported %s in %.1f s", archive, time.Since(began).Seconds())
	}
	return nil
}
