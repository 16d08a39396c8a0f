package settings

import (
	"strings"
	"testing"
	"time"
)

func good() map[string]string {
	return map[string]string{
		"SERVER_NAME": "nm.example.com", "SERVER_API_CONN_STRING": "api.nm.example.com:443",
		"BROKER_ENDPOINT": "wss://broker.nm.example.com", "MQ_USERNAME": "netmaker", "MQ_PASSWORD": "secret",
		"SERVER_BROKER_ENDPOINT": "mqtt://127.0.0.1:1883", "DATABASE": "sqlite", "DNS_MODE": "off",
	}
}

func load(values map[string]string) (Settings, error) {
	return Load(func(name string) string { return values[name] })
}

func TestSettingsComeFromTheOfficialVariables(t *testing.T) {
	values := good()
	values["JWT_VALIDITY_DURATION"] = "60"
	s, err := load(values)
	if err != nil {
		t.Fatal(err)
	}
	if s.APIHost != "api.nm.example.com" || s.Listen != ":8081" || s.TokenLife != time.Minute || s.DefaultDomain != "nm.internal" {
		t.Errorf("%+v", s)
	}
}

func TestWithoutABrokerOfItsOwnTheServerUsesTheMembers(t *testing.T) {
	values := good()
	delete(values, "SERVER_BROKER_ENDPOINT")
	if s, err := load(values); err != nil || s.ServerBroker != values["BROKER_ENDPOINT"] {
		t.Errorf("%s, %v", s.ServerBroker, err)
	}
}

func TestEverythingWrongIsNamedAtOnce(t *testing.T) {
	values := good()
	for name, value := range map[string]string{
		"DATABASE": "postgres", "LICENSE_KEY": "abc", "MASTER_KEY": "short", "API_PORT": "99999",
		"BROKER_ENDPOINT": "nowhere", "BROKER_TYPE": "emqx", "DNS_MODE": "on", "JWT_VALIDITY_DURATION": "1h",
	} {
		values[name] = value
	}
	delete(values, "SERVER_NAME")
	_, err := load(values)
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{
		"DATABASE=postgres", "LICENSE_KEY", "MASTER_KEY", "API_PORT=99999", "BROKER_ENDPOINT=nowhere",
		"BROKER_TYPE=emqx", "DNS_MODE", "SERVER_NAME", "JWT_VALIDITY_DURATION=1h",
	} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
	for _, secret := range []string{"short", "abc"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%v shows a secret", err)
		}
	}
}
