package policy

import (
	"cmp"
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
	keep(ctx, changed, func() (string, error) {
		allPods, err := pods.Lister().List(labels.Everything())
		allNamespaces, err2 := namespaces.Lister().List(labels.Everything())
		allPolicies, err3 := policies.Lister().List(labels.Everything())
		cluster := Cluster{Pods: allPods, Namespaces: allNamespaces, Policies: allPolicies}
		return cluster.Rules(node), cmp.Or(err, err2, err3)
	})
	return nil
}

// Remove takes away the rules of an earlier start.
func Remove(ctx context.Context) error {
	return apply(ctx, fmt.Sprintf("table ip %[1]s\ndelete table ip %[1]s\n", table))
}

// keep applies the rules again when something has changed, and when another program may have removed them.
func keep(ctx context.Context, changed changes.Signal, rules func() (string, error)) {
	var applied time.Time
	last, told := "", ""
	for {
		text, err := rules()
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

// apply replaces the rules as a whole.
func apply(ctx context.Context, text string) error {
	command := exec.CommandContext(ctx, "nft", "--file", "-")
	command.Stdin = strings.NewReader(text)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, said)
	}
	return nil
}
