// Package nodes keeps what the server writes about nodes: its own role, the owner of each node's
// password, and the names of all nodes for the cluster's DNS.
package nodes

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"slices"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"

	"fogline/lab/k3s/internal/changes"
	"fogline/lab/k3s/internal/nodepassword"
	"fogline/lab/k3s/internal/options"
)

// Events come with every heartbeat; they are handled at most this often.
const every = 2 * time.Second

const roleLabel = "node-role.kubernetes.io/control-plane"

// Watch runs until the context is done.
func Watch(ctx context.Context, client kubernetes.Interface, o *options.Options) {
	factory := informers.NewSharedInformerFactory(client, 10*time.Minute)
	informer := factory.Core().V1().Nodes()
	changed, err := changes.Of(informer.Informer())
	if err != nil {
		log.Printf("nodes: %v", err)
		return
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	last := ""
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		if err := update(ctx, client, informer.Lister(), o); err != nil {
			if err.Error() != last && ctx.Err() == nil {
				log.Printf("nodes: %v", err)
				last = err.Error()
			}
			changed.Give()
		}
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
}

func update(ctx context.Context, client kubernetes.Interface, nodes listers.NodeLister, o *options.Options) error {
	all, err := nodes.List(labels.Everything())
	if err != nil {
		return err
	}
	for _, node := range all {
		if node.Name == o.NodeName && node.Labels[roleLabel] != "true" {
			patch := fmt.Sprintf(`{"metadata":{"labels":{%q:"true"}}}`, roleLabel)
			if _, err := client.CoreV1().Nodes().Patch(ctx, node.Name, types.MergePatchType, []byte(patch), meta.PatchOptions{}); err != nil {
				return fmt.Errorf("label %s as control plane: %w", node.Name, err)
			}
		}
		if err := own(ctx, client, node); err != nil {
			return fmt.Errorf("password of %s: %w", node.Name, err)
		}
	}
	if o.Disabled("coredns") {
		return nil
	}
	return writeHosts(ctx, client, hosts(all))
}

// own makes the node the owner of its password's Secret, so that garbage collection deletes both.
func own(ctx context.Context, client kubernetes.Interface, node *core.Node) error {
	secrets := client.CoreV1().Secrets(meta.NamespaceSystem)
	secret, err := secrets.Get(ctx, nodepassword.SecretName(node.Name), meta.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(secret.OwnerReferences, func(o meta.OwnerReference) bool { return o.UID == node.UID }) {
		return nil
	}
	secret.OwnerReferences = append(secret.OwnerReferences, meta.OwnerReference{
		APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID,
	})
	_, err = secrets.Update(ctx, secret, meta.UpdateOptions{})
	return err
}

// hosts is a hosts file of the nodes.
func hosts(nodes []*core.Node) string {
	var lines []string
	for _, node := range nodes {
		for _, address := range node.Status.Addresses {
			if address.Type == core.NodeInternalIP {
				lines = append(lines, address.Address+" "+node.Name)
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

func writeHosts(ctx context.Context, client kubernetes.Interface, text string) error {
	maps := client.CoreV1().ConfigMaps(meta.NamespaceSystem)
	current, err := maps.Get(ctx, "coredns", meta.GetOptions{})
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("the DNS add-on is not there yet")
	}
	if err != nil {
		return err
	}
	if current.Data["NodeHosts"] == text {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"data": map[string]string{"NodeHosts": text}})
	if err != nil {
		return err
	}
	_, err = maps.Patch(ctx, "coredns", types.MergePatchType, patch, meta.PatchOptions{})
	return err
}
