// Package runtimecommand is the part of `k3s crictl` that reads the state of a node.
package runtimecommand

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"go.opentelemetry.io/otel/trace/noop"
	api "k8s.io/cri-api/pkg/apis"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
	cri "k8s.io/cri-client/pkg"

	"fogline/lab/k3s/internal/containerd"
)

const patience = 5 * time.Minute // a pull may take long

// node is what a subcommand asks, and where it answers.
type node struct {
	runtime api.RuntimeService
	images  api.ImageManagerService
	out     io.Writer
}

var verbs = map[string]func(node, context.Context, []string) error{
	"ps":      node.containers,
	"pods":    node.pods,
	"images":  node.listImages,
	"pull":    node.pull,
	"version": node.version,
}

// Run runs one subcommand.
func Run(out io.Writer, args []string) error {
	if len(args) == 0 || verbs[args[0]] == nil {
		return unsupported(strings.Join(args, " "), ", only: "+strings.Join(slices.Sorted(maps.Keys(verbs)), ", "))
	}
	ctx, tracer := context.Background(), noop.NewTracerProvider()
	runtime, err := cri.NewRemoteRuntimeService(ctx, containerd.Endpoint, patience, tracer, false)
	if err != nil {
		return err
	}
	defer runtime.Close(ctx)
	images, err := cri.NewRemoteImageService(ctx, containerd.Endpoint, patience, tracer, false)
	if err != nil {
		return err
	}
	defer images.Close(ctx)
	table := tabwriter.NewWriter(out, 0, 8, 3, ' ', 0)
	if err := verbs[args[0]](node{runtime, images, table}, ctx, args[1:]); err != nil {
		return err
	}
	return table.Flush()
}

func unsupported(what, more string) error {
	return fmt.Errorf("crictl %s is not supported by this build%s", what, more)
}

func (n node) containers(ctx context.Context, args []string) error {
	filter := &runtime.ContainerFilter{State: &runtime.ContainerStateValue{State: runtime.ContainerState_CONTAINER_RUNNING}}
	switch {
	case len(args) == 1 && (args[0] == "-a" || args[0] == "--all"):
		filter = nil
	case len(args) > 0:
		return unsupported("ps: "+strings.Join(args, " "), "")
	}
	list, err := n.runtime.ListContainers(ctx, filter)
	if err != nil {
		return err
	}
	fmt.Fprintln(n.out, "CONTAINER\tSTATE\tNAME\tATTEMPT\tPOD ID\tIMAGE")
	for _, c := range list {
		fmt.Fprintf(n.out, "%s\t%s\t%s\t%d\t%s\t%s\n", short(c.Id), state(c.State.String()), c.Metadata.Name, c.Metadata.Attempt, short(c.PodSandboxId), c.Image.Image)
	}
	return nil
}

func (n node) pods(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return unsupported("pods: "+strings.Join(args, " "), "")
	}
	list, err := n.runtime.ListPodSandbox(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(n.out, "POD ID\tSTATE\tNAME\tNAMESPACE\tATTEMPT")
	for _, p := range list {
		fmt.Fprintf(n.out, "%s\t%s\t%s\t%s\t%d\n", short(p.Id), state(p.State.String()), p.Metadata.Name, p.Metadata.Namespace, p.Metadata.Attempt)
	}
	return nil
}

func (n node) listImages(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return unsupported("images: "+strings.Join(args, " "), "")
	}
	list, err := n.images.ListImages(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(n.out, "IMAGE\tIMAGE ID\tBYTES")
	for _, image := range list {
		fmt.Fprintf(n.out, "%s\t%s\t%d\n", strings.Join(append(image.RepoTags, image.RepoDigests...), " "), short(strings.TrimPrefix(image.Id, "sha256:")), image.Size)
	}
	return nil
}

func (n node) pull(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("crictl pull takes one image")
	}
	id, err := n.images.PullImage(ctx, &runtime.ImageSpec{Image: args[0]}, nil, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(n.out, "Image is up to date for", id)
	return nil
}

func (n node) version(ctx context.Context, _ []string) error {
	answer, err := n.runtime.Version(ctx, "")
	if err != nil {
		return err
	}
	fmt.Fprintf(n.out, "RuntimeName:\t%s\nRuntimeVersion:\t%s\n", answer.RuntimeName, answer.RuntimeVersion)
	return nil
}

func short(id string) string { return id[:min(len(id), 13)] }

func state(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "CONTAINER_"), "SANDBOX_")
}
