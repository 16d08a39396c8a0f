package controlplane

import (
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/admission"
	apiserver "k8s.io/apiserver/pkg/apis/apiserver/install"
	auditpolicy "k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubernetes/plugin/pkg/admission/eventratelimit"

	"fogline/lab/k3s/internal/options"
)

// productFiles are what the program writes on a server for the API server to read.
const productFiles = "../../../../../components/k3s/files"

func TestTheAPIServerTakesTheProgramsAuditPolicy(t *testing.T) {
	policy, err := auditpolicy.LoadPolicyFromFile(filepath.Join(productFiles, "audit-policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	rules := auditpolicy.NewPolicyRuleEvaluator(policy)
	node := &user.DefaultInfo{Name: "system:node:pi", Groups: []string{"system:nodes"}}
	person := &user.DefaultInfo{Name: "system:admin", Groups: []string{"system:masters"}}
	for _, asked := range []struct {
		what  string
		by    user.Info
		level string
		authorizer.AttributesRecord
	}{
		{"a Secret that is read", person, "Metadata", authorizer.AttributesRecord{Verb: "get", APIVersion: "v1", Resource: "secrets", ResourceRequest: true}},
		{"a Secret that a node watches", node, "Metadata", authorizer.AttributesRecord{Verb: "watch", APIVersion: "v1", Resource: "secrets", ResourceRequest: true}},
		{"a command in a pod", person, "Metadata", authorizer.AttributesRecord{Verb: "create", APIVersion: "v1", Resource: "pods", Subresource: "exec", ResourceRequest: true}},
		{"a way to a Service", person, "Metadata", authorizer.AttributesRecord{Verb: "get", APIVersion: "v1", Resource: "services", Subresource: "proxy", ResourceRequest: true}},
		{"a Deployment that changes", person, "Metadata", authorizer.AttributesRecord{Verb: "patch", APIGroup: "apps", APIVersion: "v1", Resource: "deployments", ResourceRequest: true}},
		{"pods that a person lists", person, "Metadata", authorizer.AttributesRecord{Verb: "list", APIVersion: "v1", Resource: "pods", ResourceRequest: true}},
		{"a heartbeat", node, "None", authorizer.AttributesRecord{Verb: "patch", APIVersion: "v1", Resource: "nodes", Subresource: "status", ResourceRequest: true}},
		{"a lease", node, "None", authorizer.AttributesRecord{Verb: "update", APIGroup: "coordination.k8s.io", APIVersion: "v1", Resource: "leases", ResourceRequest: true}},
		{"a question for health", person, "None", authorizer.AttributesRecord{Verb: "get", Path: "/healthz/ping"}},
	} {
		attributes := asked.AttributesRecord
		attributes.User = asked.by
		if got := rules.EvaluatePolicyRule(attributes); string(got.Level) != asked.level {
			t.Errorf("%s is written down as %s, want %s", asked.what, got.Level, asked.level)
		}
	}
}

func TestTheAPIServerTakesTheProgramsAdmissionConfiguration(t *testing.T) {
	scheme := runtime.NewScheme()
	apiserver.Install(scheme)
	names := []string{eventratelimit.PluginName}
	config, err := admission.ReadAdmissionConfiguration(names, filepath.Join(productFiles, "admission.yaml"), scheme)
	if err != nil {
		t.Fatal(err)
	}
	plugins := admission.NewPlugins()
	eventratelimit.Register(plugins)
	nothing := admission.PluginInitializers{}
	if _, err := plugins.NewFromPlugins(names, config, nothing, admission.Decorators{}); err != nil {
		t.Error(err)
	}
}

func TestSecretsAreEncryptedOnlyWhereItIsAskedFor(t *testing.T) {
	with := strings.Join(apiServerFlags(&options.Options{SecretsEncryption: true}), " ")
	for _, flag := range []string{
		"--encryption-provider-config=/var/lib/rancher/k3s/server/cred/encryption-config.json",
		"--encryption-provider-config-automatic-reload=true",
	} {
		if !strings.Contains(with, flag) {
			t.Errorf("%s is missing", flag)
		}
	}
	if without := strings.Join(apiServerFlags(&options.Options{}), " "); strings.Contains(without, "encryption") {
		t.Error("it is encrypted without being asked for")
	}
}
