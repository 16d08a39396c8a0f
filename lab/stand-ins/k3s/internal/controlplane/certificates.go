package controlplane

import (
	"net/netip"
	"os"
	"slices"
	"strconv"

	"fogline/lab/k3s/internal/layout"
	"fogline/lab/k3s/internal/options"
	"fogline/lab/k3s/internal/pki"
)

// LocalAPI is where a server reaches its own API.
const LocalAPI = "https://127.0.0.1:6443"

// certificates makes whatever is missing of the cluster's CAs, certificates, keys and kubeconfigs.
func certificates(o *options.Options) (*pki.Authority, error) {
	authorities := map[string]*pki.Authority{}
	for _, name := range []string{"server-ca", "client-ca", "request-header-ca"} {
		ca, err := pki.OpenAuthority(layout.Server(name))
		if err != nil {
			return nil, err
		}
		authorities[name] = ca
	}
	serverCA, clientCA, frontCA := authorities["server-ca"], authorities["client-ca"], authorities["request-header-ca"]
	names, err := servingNames(o)
	if err != nil {
		return nil, err
	}
	masters := []string{"system:masters"}
	for _, leaf := range []struct {
		by      *pki.Authority
		file    string
		subject pki.Subject
	}{
		{serverCA, "serving-kube-apiserver", pki.Subject{CommonName: "kube-apiserver", Names: names}},
		{serverCA, "kube-controller-manager", pki.Subject{CommonName: "kube-controller-manager", Names: []string{"127.0.0.1", "localhost"}}},
		{serverCA, "kube-scheduler", pki.Subject{CommonName: "kube-scheduler", Names: []string{"127.0.0.1", "localhost"}}},
		{clientCA, "client-admin", pki.Subject{CommonName: "system:admin", Organizations: masters}},
		{clientCA, "client-supervisor", pki.Subject{CommonName: "system:k3s-supervisor", Organizations: masters}},
		{clientCA, "client-controller", pki.Subject{CommonName: "system:kube-controller-manager"}},
		{clientCA, "client-scheduler", pki.Subject{CommonName: "system:kube-scheduler"}},
		{clientCA, "client-kube-apiserver", pki.Subject{CommonName: "system:apiserver", Organizations: masters}},
		{frontCA, "client-auth-proxy", pki.Subject{CommonName: "system:auth-proxy"}},
	} {
		if err := leaf.by.Ensure(layout.Server(leaf.file), leaf.subject); err != nil {
			return nil, err
		}
	}
	if _, err := pki.EnsureKey(layout.Server("service.key")); err != nil {
		return nil, err
	}
	return serverCA, kubeconfigs(o, serverCA.PEM)
}

func kubeconfigs(o *options.Options, ca []byte) error {
	mode, err := strconv.ParseUint(o.KubeconfigMode, 8, 32)
	if err != nil {
		return err
	}
	for _, config := range []struct {
		file, client string
		mode         os.FileMode
	}{
		{layout.Credential("admin"), "client-admin", 0o600},
		{layout.Credential("supervisor"), "client-supervisor", 0o600},
		{layout.Credential("controller"), "client-controller", 0o600},
		{layout.Credential("scheduler"), "client-scheduler", 0o600},
		{o.WriteKubeconfig, "client-admin", os.FileMode(mode)},
	} {
		if err := pki.WriteKubeconfig(config.file, LocalAPI, ca, layout.Server(config.client), config.mode); err != nil {
			return err
		}
	}
	return nil
}

// servingNames is everything that the API answers to, each once.
func servingNames(o *options.Options) ([]string, error) {
	services, err := netip.ParsePrefix(o.ServiceCIDR)
	if err != nil {
		return nil, err
	}
	names := []string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + o.ClusterDomain,
		"localhost", "127.0.0.1", services.Masked().Addr().Next().String(), o.NodeName,
	}
	for _, name := range append([]string{o.NodeIP, o.AdvertiseAddress}, o.TLSNames...) {
		if name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
