// Package runtimecommand is the part of `k3s crictl` that reads the state of a node.
package runtimecommand

import (
	"context"
	"fmt"
	"io"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"go.opentelemetry.io/otel/trace/noop"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
	cri "k8s.io/cri-client/pkg"

	"fogline/lab/k3s/internal/containerd"
)

const patience = 5 * time.Minute // a pull may take long

var verbs = map[string]func(context.Context, io.Writer, []string) error{
	"ps":      containers,
	"pods":    pods,
	"images":  images,
	"pull":    pull,
	"version": version,
}

// Run runs one subcommand.
func Run(out io.Writer, args []string) error {
	if len(args) == 0 || verbs[args[0]] == nil {
		names := make([]string, 0, len(verbs))
		for name := range verbs {
			names = append(names, name)
		}
		sort.Strings(names)
		return fmt.Errorf("crictl %s is not supported by this build, only: %s", strings.Join(args, " "), strings.Join(names, ", "))
	}
	table := tabwriter.NewWriter(out, 0, 8, 3, ' ', 0)
	if err := verbs[args[0]](context.Background(), table, args[1:]); err != nil {
		return err
	}
	return table.Flush()
}

func containers(ctx context.Context, out io.Writer, args []string) error {
	filter := &runtime.ContainerFilter{State: &runtime.ContainerStateValue{State: runtime.ContainerState_CONTAINER_RUNNING}}
	switch {
	case len(args) == 1 && (args[0] == "-a" || args[0] == "--all"):
		filter = nil
	case len(args) > 0:
		return fmt.Errorf("crictl ps: %s is not supported by this build", strings.Join(args, " "))
	}
	service, err := cri.NewRemoteRuntimeService(ctx, containerd.Endpoint, patience, noop.NewTracerProvider(), false)
	if err != nil {
		return err
	}
	defer service.Close(ctx)
	list, err := service.ListContainers(ctx, filter)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "CONTAINER\tSTATE\tNAME\tATTEMPT\tPOD ID\tIMAGE")
	for _, c := range list {
		fmt.Fprintf(out, "%s\t%s\t%s\t%d\t%s\t%s\n", short(c.Id), state(c.State.String()), c.Metadata.Name, c.Metadata.Attempt, short(c.PodSandboxId), c.Image.Image)
	}
	return nil
}

func pods(ctx context.Context, out io.Writer, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("crictl pods: %s is not supported by this build", strings.Join(args, " "))
	}
	service, err := cri.NewRemoteRuntimeService(ctx, containerd.Endpoint, patience, noop.NewTracerProvider(), false)
	if err != nil {
		return err
	}
	defer service.Close(ctx)
	list, err := service.ListPodSandbox(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "POD ID\tSTATE\tNAME\tNAMESPACE\tATTEMPT")
	for _, p := range list {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%d\n", short(p.Id), state(p.State.String()), p.Metadata.Name, p.Metadata.Namespace, p.Metadata.Attempt)
	}
	return nil
}

func images(ctx context.Context, out io.Writer, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("crictl images: %s is not supported by this build", strings.Join(args, " "))
	}
	service, err := cri.NewRemoteImageService(ctx, containerd.Endpoint, patience, noop.NewTracerProvider(), false)
	if err != nil {
		return err
	}
	defer service.Close(ctx)
	list, err := service.ListImages(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "IMAGE\tIMAGE ID\tBYTES")
	for _, image := range list {
		fmt.Fprintf(out, "%s\t%s\t%d\n", strings.Join(append(image.RepoTags, image.RepoDigests...), " "), short(strings.TrimPrefix(image.Id, "sha256:")), image.Size)
	}
	return nil
}

func pull(ctx context.Context, out io.Writer, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("crictl pull takes one image")
	}
	service, err := cri.NewRemoteImageService(ctx, containerd.Endpoint, patience, noop.NewTracerProvider(), false)
	if err != nil {
		return err
	}
	defer service.Close(ctx)
	id, err := service.PullImage(ctx, &runtime.ImageSpec{Image: args[0]}, nil, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Image is up to date for", id)
	return nil
}

func version(ctx context.Context, out io.Writer, _ []string) error {
	service, err := cri.NewRemoteRuntimeService(ctx, containerd.Endpoint, patience, noop.NewTracerProvider(), false)
	if err != nil {
		return err
	}
	defer service.Close(ctx)
	answer, err := service.Version(ctx, "")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "RuntimeName:\t%s\nRuntimeVersion:\t%s\n", answer.RuntimeName, answer.RuntimeVersion)
	return nil
}

func short(id string) string { return id[:min(len(id), 13)] }

func state(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "CONTAINER_"), "SANDBOX_")
}
