package controlplane

import (
	"cmp"

	"fogline/lab/k3s/internal/flags"
	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/options"
)

// cipherSuites are those of the official program.
const cipherSuites = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384," +
	"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256," +
	"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305,TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305"

func apiServerFlags(o *options.Options) []string {
	issuer := "https://kubernetes.default.svc." + o.ClusterDomain
	defaults := flags.Set{
		"allow-privileged":                   "true",
		"anonymous-auth":                     "false",
		"api-audiences":                      issuer + ",k3s",
		"authorization-mode":                 "Node,RBAC",
		"bind-address":                       "0.0.0.0",
		"cert-dir":                           layout.Server("temporary-certs"),
		"client-ca-file":                     layout.Server("client-ca.crt"),
		"enable-admission-plugins":           "NodeRestriction",
		"enable-aggregator-routing":          "true",
		"enable-bootstrap-token-auth":        "true",
		"etcd-servers":                       "unix://" + layout.DatastoreSocket,
		"kubelet-certificate-authority":      layout.Server("server-ca.crt"),
		"kubelet-client-certificate":         layout.Server("client-kube-apiserver.crt"),
		"kubelet-client-key":                 layout.Server("client-kube-apiserver.key"),
		"kubelet-preferred-address-types":    "InternalIP,ExternalIP,Hostname",
		"profiling":                          "false",
		"proxy-client-cert-file":             layout.Server("client-auth-proxy.crt"),
		"proxy-client-key-file":              layout.Server("client-auth-proxy.key"),
		"requestheader-allowed-names":        "system:auth-proxy",
		"requestheader-client-ca-file":       layout.Server("request-header-ca.crt"),
		"requestheader-extra-headers-prefix": "X-Remote-Extra-",
		"requestheader-group-headers":        "X-Remote-Group",
		"requestheader-username-headers":     "X-Remote-User",
		"secure-port":                        "6443",
		"service-account-issuer":             issuer,
		"service-account-key-file":           layout.Server("service.key"),
		"service-account-signing-key-file":   layout.Server("service.key"),
		"service-cluster-ip-range":           o.ServiceCIDR,
		"service-node-port-range":            "30000-32767",
		"storage-backend":                    "etcd3",
		"tls-cert-file":                      layout.Server("serving-kube-apiserver.crt"),
		"tls-cipher-suites":                  cipherSuites,
		"tls-private-key-file":               layout.Server("serving-kube-apiserver.key"),
	}
	if address := cmp.Or(o.AdvertiseAddress, o.NodeIP); address != "" {
		defaults["advertise-address"] = address
	}
	if o.SecretsEncryption {
		defaults["encryption-provider-config"] = layout.EncryptionConfig
		defaults["encryption-provider-config-automatic-reload"] = "true"
	}
	return defaults.With(o.APIServerArgs)
}

func controllerManagerFlags(o *options.Options) []string {
	kubeconfig := layout.Credential("controller")
	defaults := flags.Set{
		"allocate-node-cidrs":       "true",
		"authentication-kubeconfig": kubeconfig,
		"authorization-kubeconfig":  kubeconfig,
		"bind-address":              "127.0.0.1",
		"cluster-cidr":              o.ClusterCIDR,
		"cluster-signing-kube-apiserver-client-cert-file": layout.Server("client-ca.crt"),
		"cluster-signing-kube-apiserver-client-key-file":  layout.Server("client-ca.key"),
		"cluster-signing-kubelet-client-cert-file":        layout.Server("client-ca.crt"),
		"cluster-signing-kubelet-client-key-file":         layout.Server("client-ca.key"),
		"cluster-signing-kubelet-serving-cert-file":       layout.Server("server-ca.crt"),
		"cluster-signing-kubelet-serving-key-file":        layout.Server("server-ca.key"),
		"cluster-signing-legacy-unknown-cert-file":        layout.Server("server-ca.crt"),
		"cluster-signing-legacy-unknown-key-file":         layout.Server("server-ca.key"),
		"controllers": "*,tokencleaner",
		"kubeconfig":  kubeconfig,
		// One server: an election would only make its restart slower.
		"leader-elect":                     "false",
		"profiling":                        "false",
		"root-ca-file":                     layout.Server("server-ca.crt"),
		"secure-port":                      "10257",
		"service-account-private-key-file": layout.Server("service.key"),
		"service-cluster-ip-range":         o.ServiceCIDR,
		"tls-cert-file":                    layout.Server("kube-controller-manager.crt"),
		"tls-private-key-file":             layout.Server("kube-controller-manager.key"),
		"use-service-account-credentials":  "true",
	}
	return defaults.With(o.ControllerManagerArgs)
}

func schedulerFlags(o *options.Options) []string {
	kubeconfig := layout.Credential("scheduler")
	defaults := flags.Set{
		"authentication-kubeconfig": kubeconfig,
		"authorization-kubeconfig":  kubeconfig,
		"bind-address":              "127.0.0.1",
		"kubeconfig":                kubeconfig,
		"leader-elect":              "false",
		"profiling":                 "false",
		"secure-port":               "10259",
		"tls-cert-file":             layout.Server("kube-scheduler.crt"),
		"tls-private-key-file":      layout.Server("kube-scheduler.key"),
	}
	return defaults.With(o.SchedulerArgs)
}
