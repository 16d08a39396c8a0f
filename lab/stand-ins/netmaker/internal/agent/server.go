package agent

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"fogline/lab/netmaker/internal/model"
)

const (
	// timeout bounds each call.
	timeout = 15 * time.Second
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 16 << 20
)

// errTokenRefused means that the token has expired, or the server no longer knows the host.
var errTokenRefused = errors.New("the server refused the host's token")

var errNotRegistered = errors.New("this machine is not registered: run `netclient join -t TOKEN`")

// api calls a server, always over TLS.
type api struct {
	address string
	client  *http.Client
	mutex   sync.Mutex
	token   string
}

func newAPI(address string) *api {
	return &api{address: address, client: &http.Client{Timeout: timeout}}
}

// call sends a body and reads the answer; answers beyond 200 are errors with the API's message.
func (a *api) call(ctx context.Context, method, path, token string, body, answer any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, "https://"+a.address+path, content)
	if err != nil {
		return err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := a.client.Do(request)
	if err != nil {
		// The error of a call shows its address, which may end in a secret.
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return fmt.Errorf("server %s: %w", a.address, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil:
		return fmt.Errorf("server %s: %w", a.address, err)
	case response.StatusCode == http.StatusUnauthorized:
		return errTokenRefused
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("server %s: %s", a.address, reason(response, text))
	}
	if into, plain := answer.(*string); plain {
		*into = strings.TrimSpace(string(text))
		return nil
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("server %s: half an answer: %w", a.address, err)
	}
	return nil
}

func reason(response *http.Response, text []byte) string {
	var failure struct{ Message string }
	if json.Unmarshal(text, &failure) == nil && failure.Message != "" {
		return fmt.Sprintf("%d: %s", response.StatusCode, failure.Message)
	}
	return response.Status
}

// asHost calls with the host's token, and renews it once when it has expired.
func (a *api) asHost(ctx context.Context, config Config, method, path string, body, answer any) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for again := range 2 {
		if a.token == "" || again == 1 {
			if err := a.logIn(ctx, config); err != nil {
				return err
			}
		}
		if err := a.call(ctx, method, path, a.token, body, answer); !errors.Is(err, errTokenRefused) {
			return err
		}
	}
	return errTokenRefused
}

func (a *api) logIn(ctx context.Context, config Config) error {
	var answer struct{ Response struct{ AuthToken string } }
	who := map[string]string{"id": config.ID, "password": config.HostPass, "macaddress": config.MacAddress.String()}
	err := a.call(ctx, http.MethodPost, "/api/hosts/adm/authenticate", "", who, &answer)
	a.token = answer.Response.AuthToken
	return err
}

func (a *api) pull(ctx context.Context, config Config) (pull model.HostPull, err error) {
	err = a.asHost(ctx, config, http.MethodGet, "/api/v1/host", nil, &pull)
	return pull, err
}

// JoinOptions are the user's options of `netclient join`.
type JoinOptions struct {
	Token      string
	Name       string
	EndpointIP net.IP
	Port       int
	MTU        int
	Static     bool
	StaticPort bool
}

// Join registers the machine with the server that the token names.
func Join(ctx context.Context, files Files, o JoinOptions) (*model.Registration, error) {
	raw, err := base64.StdEncoding.DecodeString(o.Token)
	var token model.EnrollmentToken
	if err == nil {
		err = json.Unmarshal(raw, &token)
	}
	if err != nil || token.Server == "" {
		return nil, errors.New("the enrolment token is not whole: copy it once more")
	}
	config, err := files.Config()
	if err != nil {
		return nil, err
	}
	var known model.ServerConfig
	found, err := files.read(serverFile, &known)
	if err != nil {
		return nil, err
	}
	if found && known.API != token.Server {
		return nil, fmt.Errorf("this machine is registered with %s; this build of netclient knows one server: run `netclient uninstall` first", known.API)
	}
	server := newAPI(token.Server)
	if err := o.apply(ctx, server, &config); err != nil {
		return nil, err
	}
	// Kept first: a server that registered the machine must find it with the same keys.
	if err := files.write(configFile, config); err != nil {
		return nil, err
	}
	var answer model.Registration
	path := "/api/v1/host/register/" + url.PathEscape(o.Token)
	if err := server.call(ctx, http.MethodPost, path, "", config.Host, &answer); err != nil {
		return nil, err
	}
	config.ListenPort = answer.RequestedHost.ListenPort
	return &answer, errors.Join(files.write(configFile, config), files.write(serverFile, answer.ServerConf))
}

func (o JoinOptions) apply(ctx context.Context, server *api, config *Config) error {
	config.Name, config.MTU = cmp.Or(o.Name, config.Name), cmp.Or(o.MTU, config.MTU)
	config.ListenPort = cmp.Or(o.Port, config.ListenPort)
	config.IsStatic = o.Static || o.EndpointIP != nil
	config.IsStaticPort = o.StaticPort
	if config.EndpointIP = o.EndpointIP; config.EndpointIP != nil {
		return nil
	}
	var seen string
	if err := server.call(ctx, http.MethodGet, "/api/getip", "", nil, &seen); err != nil {
		return err
	}
	config.EndpointIP = net.ParseIP(seen)
	return nil
}

// Leave ends the machine's membership of a network.
func Leave(ctx context.Context, files Files, network string) error {
	config, server, pull, err := registered(files)
	if err != nil {
		return err
	}
	for _, node := range pull.Nodes {
		if node.Network == network {
			return newAPI(server.API).asHost(ctx, config, http.MethodDelete, "/api/nodes/"+network+"/"+node.ID, nil, nil)
		}
	}
	return fmt.Errorf("this machine is in no network %s", network)
}

// Withdraw deletes the machine's host on the server.
func Withdraw(ctx context.Context, files Files) error {
	config, server, _, err := registered(files)
	if err != nil {
		return err
	}
	return newAPI(server.API).asHost(ctx, config, http.MethodDelete, "/api/hosts/"+config.ID+"?force=true", nil, nil)
}

// registered reads what the machine has registered with; the answer is empty where there is none yet.
func registered(files Files) (config Config, server model.ServerConfig, pull model.HostPull, err error) {
	config, err = files.Config()
	known, err2 := files.read(serverFile, &server)
	_, err3 := files.read(pullFile, &pull)
	if err = errors.Join(err, err2, err3); err == nil && !known {
		err = errNotRegistered
	}
	return config, server, pull, err
}
