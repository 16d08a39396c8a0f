package policy

import (
	"context"
	"fmt"
	"log"
	"os/exec"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"fogline/lab/k3s/internal/changes"
)

const (
	// Changes come in bursts, as when a Deployment rolls out; they are collected for this long.
	gather = 100 * time.Millisecond
	// Interval at which rules that another program removed are restored.
	again = time.Minute
	retry = 2 * time.Second
)

// Enforce keeps a node's rules in step with the cluster until the context ends. The rules stay
// then, as the pods do. An error says that the cluster cannot be watched.
func Enforce(ctx context.Context, node, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	pods, namespaces := factory.Core().V1().Pods(), factory.Core().V1().Namespaces()
	policies := factory.Networking().V1().NetworkPolicies()
	changed, err := changes.Of(pods.Informer(), namespaces.Informer(), policies.Informer())
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	list := func() (c Cluster, err error) {
		if c.Pods, err = pods.Lister().List(labels.Everything()); err != nil {
			return c, err
		}
		if c.Namespaces, err = namespaces.Lister().List(labels.Everything()); err != nil {
			return c, err
		}
		c.Policies, err = policies.Lister().List(labels.Everything())
		return c, err
	}
	keep(ctx, node, list, changed)
	return nil
}

// Remove takes away the rules of an earlier start.
func Remove(ctx context.Context) error {
	return apply(ctx, fmt.Sprintf("table ip %[1]s\ndelete table ip %[1]s\n", table))
}

func keep(ctx context.Context, node string, list func() (Cluster, error), changed <-chan struct{}) {
	var applied time.Time
	last, told := "", ""
	for {
		text, err := rules(node, list)
		if err == nil && (text != last || time.Since(applied) >= again) {
			err = apply(ctx, text)
		}
		if ctx.Err() != nil {
			return
		}
		pause := again
		if err == nil {
			last, told, applied = text, "", time.Now()
		} else {
			pause = retry
			if text := err.Error(); text != told {
				log.Printf("network policy: %s; trying again", text)
				told = text
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		case <-changed:
			select {
			case <-ctx.Done():
			case <-time.After(gather):
			}
		}
	}
}

func rules(node string, list func() (Cluster, error)) (string, error) {
	cluster, err := list()
	if err != nil {
		return "", err
	}
	return cluster.Rules(node), nil
}

// apply replaces the rules as a whole.
func apply(ctx context.Context, text string) error {
	command := exec.CommandContext(ctx, "nft", "--file", "-")
	command.Stdin = strings.NewReader(text)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, said)
	}
	return nil
}
