package pki

import (
	"os"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// WriteKubeconfig writes a kubeconfig whose credentials are inside it.
// base is the path of the client's certificate and key without .crt and .key.
func WriteKubeconfig(file, server string, ca []byte, base string, mode os.FileMode) error {
	certificate, err := os.ReadFile(base + ".crt")
	if err != nil {
		return err
	}
	key, err := os.ReadFile(base + ".key")
	if err != nil {
		return err
	}
	config := api.NewConfig()
	config.Clusters["default"] = &api.Cluster{Server: server, CertificateAuthorityData: ca}
	config.AuthInfos["default"] = &api.AuthInfo{ClientCertificateData: certificate, ClientKeyData: key}
	config.Contexts["default"] = &api.Context{Cluster: "default", AuthInfo: "default"}
	config.CurrentContext = "default"
	text, err := clientcmd.Write(*config)
	if err != nil {
		return err
	}
	return WriteFile(file, text, mode)
}
