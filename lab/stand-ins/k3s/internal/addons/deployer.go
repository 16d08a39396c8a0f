// Package addons applies the manifests in the server's folder, the embedded ones among them.
package addons

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	v1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/options"
	"fogline/lab/k3s/internal/pki"
)

//go:embed manifests
var embedded embed.FS

const (
	// K3s scans its manifests directory at the same interval.
	every = 15 * time.Second
	// A failure is retried sooner: at the first start, kinds and namespaces appear one after the other.
	retry   = 2 * time.Second
	manager = "deploy"
)

// Deployer applies manifests by server-side apply when their content changes, and all of them once
// at start. Removing a file removes nothing from the cluster; disabling an add-on does.
type Deployer struct {
	client  dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
	applied map[string][sha256.Size]byte
	// remove holds the manifests of disabled add-ons whose objects have not been deleted yet.
	remove map[string][]byte
	told   map[string]string
}

// New writes the embedded manifests into the server's folder, without those that are disabled.
func New(config *rest.Config, o *options.Options) (*Deployer, error) {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	discoverer, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	d := &Deployer{
		client:  client,
		mapper:  restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(discoverer)),
		applied: map[string][sha256.Size]byte{},
		remove:  map[string][]byte{},
		told:    map[string]string{},
	}
	entries, err := fs.ReadDir(embedded, "manifests")
	if err != nil {
		return nil, err
	}
	values := strings.NewReplacer("%{CLUSTER_DNS}%", o.ClusterDNS, "%{CLUSTER_DOMAIN}%", o.ClusterDomain,
		"%{STORAGE_PATH}%", filepath.Join(layout.DataDir, "storage"))
	for _, entry := range entries {
		text, err := embedded.ReadFile("manifests/" + entry.Name())
		if err != nil {
			return nil, err
		}
		content := []byte(values.Replace(string(text)))
		file := filepath.Join(layout.ManifestsDir, entry.Name())
		if o.Disabled(strings.TrimSuffix(entry.Name(), ".yaml")) {
			d.remove[file] = content
			if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, err
			}
			continue
		}
		if err := pki.WriteFile(file, content, 0o600); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// Run applies manifests until the context is done.
func (d *Deployer) Run(ctx context.Context) {
	for ctx.Err() == nil {
		pause := every
		if !d.pass(ctx) {
			pause = retry
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// pass checks everything once and reports whether all of it succeeded.
func (d *Deployer) pass(ctx context.Context) bool {
	well := true
	for file, content := range d.remove {
		if d.each(ctx, file, content, d.delete) {
			delete(d.remove, file)
		} else {
			well = false
		}
	}
	files, err := manifests()
	if err != nil {
		d.tell(ctx, layout.ManifestsDir, err)
		return false
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			well = false
			d.tell(ctx, file, err)
			continue
		}
		sum := sha256.Sum256(content)
		if d.applied[file] == sum {
			continue
		}
		if !d.each(ctx, file, content, d.apply) {
			well = false
			continue
		}
		d.applied[file] = sum
		delete(d.told, file)
		log.Printf("applied %s", file)
	}
	return well
}

// tell logs a problem once, however often it occurs.
func (d *Deployer) tell(ctx context.Context, file string, err error) {
	if ctx.Err() == nil && d.told[file] != err.Error() {
		log.Printf("manifest %s: %v", file, err)
		d.told[file] = err.Error()
	}
}

// manifests are the files to apply in order of their names; a file with a .skip beside it is not.
func manifests() ([]string, error) {
	var found []string
	err := filepath.WalkDir(layout.ManifestsDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".yaml", ".yml", ".json":
			if _, err := os.Stat(path + ".skip"); errors.Is(err, os.ErrNotExist) {
				found = append(found, path)
			}
		}
		return nil
	})
	sort.Strings(found)
	return found, err
}

// each calls back for every object of a manifest; all are tried, all problems told, and it reports whether
// there were none.
func (d *Deployer) each(
	ctx context.Context, file string, content []byte, do func(context.Context, *unstructured.Unstructured) error,
) bool {
	var problems []error
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			problems = append(problems, err)
			break
		}
		if len(object.Object) == 0 {
			continue
		}
		if err := do(ctx, object); err != nil {
			problems = append(problems, fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err))
		}
	}
	if len(problems) > 0 {
		d.tell(ctx, file, errors.Join(problems...))
	}
	return len(problems) == 0
}

func (d *Deployer) apply(ctx context.Context, object *unstructured.Unstructured) error {
	resource, err := d.resource(object)
	if err != nil {
		return err
	}
	_, err = resource.Apply(ctx, object.GetName(), object, v1.ApplyOptions{FieldManager: manager, Force: true})
	return err
}

func (d *Deployer) delete(ctx context.Context, object *unstructured.Unstructured) error {
	resource, err := d.resource(object)
	if err == nil {
		background := v1.DeleteOptions{PropagationPolicy: new(v1.DeletePropagationBackground)}
		err = resource.Delete(ctx, object.GetName(), background)
	}
	if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func (d *Deployer) resource(object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	kind := object.GroupVersionKind()
	mapping, err := d.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		d.mapper.Reset()
		return nil, err
	}
	resource := d.client.Resource(mapping.Resource)
	if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		return resource, nil
	}
	return resource.Namespace(cmp.Or(object.GetNamespace(), v1.NamespaceDefault)), nil
}
