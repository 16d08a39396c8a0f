package settings

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
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

func TestPostgreSQLHasTheOfficialDefaultsButForItsPassword(t *testing.T) {
	values := good()
	values["DATABASE"] = "postgres"
	if _, err := load(values); err == nil || !strings.Contains(err.Error(), "SQL_PASS") {
		t.Errorf("without a password: %v", err)
	}
	values["SQL_PASS"] = "p@ss word"
	s, err := load(values)
	if err != nil {
		t.Fatal(err)
	}
	config, err := pgx.ParseConfig(s.Database)
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "localhost" || config.Port != 5432 || config.Database != "netmaker" || config.User != "postgres" || config.Password != "p@ss word" {
		t.Errorf("%+v", config.Config)
	}
	values["SQL_HOST"], values["SQL_PORT"] = "/run/postgresql", "port"
	if _, err := load(values); err == nil || !strings.Contains(err.Error(), "SQL_PORT=port") || strings.Contains(err.Error(), "p@ss") {
		t.Errorf("with a bad port: %v", err)
	}
	values["SQL_PORT"] = "5433"
	if s, err = load(values); err != nil {
		t.Fatal(err)
	}
	if config, err = pgx.ParseConfig(s.Database); err != nil || config.Host != "/run/postgresql" || config.Port != 5433 {
		t.Errorf("%v, %+v", err, config)
	}
}

func TestSettingsOfPostgreSQLAreRefusedForSQLite(t *testing.T) {
	values := good()
	values["SQL_HOST"] = "127.0.0.1"
	if _, err := load(values); err == nil || !strings.Contains(err.Error(), "SQL_HOST: means nothing with DATABASE=sqlite") {
		t.Errorf("%v", err)
	}
}

func TestEverythingWrongIsNamedAtOnce(t *testing.T) {
	values := good()
	for name, value := range map[string]string{
		"DATABASE": "rqlite", "SQL_CONN": "http://127.0.0.1:4001", "LICENSE_KEY": "abc", "MASTER_KEY": "short", "API_PORT": "99999",
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
		"DATABASE=rqlite", "SQL_CONN", "LICENSE_KEY", "MASTER_KEY", "API_PORT=99999", "BROKER_ENDPOINT=nowhere",
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
