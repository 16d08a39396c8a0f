package store

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// nobody is the user that PostgreSQL runs as when root runs the tests: it refuses to run as root.
const nobody = 65534

// postgres is a PostgreSQL of the tests' own, on a socket in a folder of its own.
type postgres struct {
	folder, programs string
	databases        int
}

var running *postgres

// TestMain ends PostgreSQL, which the first test that needs it starts.
func TestMain(m *testing.M) {
	code := m.Run()
	if running != nil {
		if err := running.command("pg_ctl", "stop", "-w", "-m", "immediate", "-D", running.data()).Run(); err != nil {
			fmt.Fprintln(os.Stderr, "ending PostgreSQL:", err)
			code = 1
		}
		os.RemoveAll(running.folder)
	}
	os.Exit(code)
}

func cluster(t *testing.T) *postgres {
	t.Helper()
	if running != nil {
		return running
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(found) == 0 {
		t.Fatal("PostgreSQL is not installed: apt-get install postgresql")
	}
	folder, err := os.MkdirTemp("", "netmaker-")
	if err != nil {
		t.Fatal(err)
	}
	p := &postgres{folder: folder, programs: slices.Max(found)}
	if os.Geteuid() == 0 {
		if err := os.Chown(folder, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	// Its own order of texts is a language's, not that of bytes.
	p.run(t, "initdb", "--username=netmaker", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
		"--locale-provider=icu", "--icu-locale=en", "--no-sync", p.data())
	options := "-c listen_addresses='' -c unix_socket_directories=" + folder
	p.run(t, "pg_ctl", "start", "-w", "-D", p.data(), "-l", p.log(), "-o", options)
	running = p
	return p
}

// database makes an empty one and gives its URL.
func (p *postgres) database(t *testing.T) string {
	t.Helper()
	p.databases++
	name := fmt.Sprintf("netmaker_%d", p.databases)
	p.run(t, "createdb", "--host="+p.folder, "--username=netmaker", name)
	return fmt.Sprintf("postgres://netmaker@/%s?host=%s&sslmode=disable", name, p.folder)
}

func (p *postgres) data() string { return filepath.Join(p.folder, "data") }
func (p *postgres) log() string  { return filepath.Join(p.folder, "log") }

func (p *postgres) run(t *testing.T, program string, args ...string) {
	t.Helper()
	said, err := os.CreateTemp(t.TempDir(), "said")
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	command := p.command(program, args...)
	// Not a pipe: the server would inherit it, and keep it open after pg_ctl has ended.
	command.Stdout, command.Stderr = said, said
	if err := command.Run(); err != nil {
		text, _ := os.ReadFile(said.Name())
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, text)
	}
}

func (p *postgres) command(program string, args ...string) *exec.Cmd {
	command := exec.Command(filepath.Join(p.programs, program), args...)
	command.Dir = p.folder
	if os.Geteuid() == 0 {
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return command
}
