package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"
)

// header names the columns of the file, which experiments/visits.ts reads.
const header = "at,latency,status,error,method,id,pod,node\n"

// longest is how many characters of an error or a name are kept.
const longest = 200

// row is one request and what became of it.
type row struct {
	// at is when it was sent, since the first of all.
	at time.Duration
	// latency is how long it took to the whole answer, or until it was given up.
	latency time.Duration
	// status is 0 where no answer came; failure then says why.
	status  uint16
	failure string
	method  string
	// id is the vote's; empty for a visit.
	id string
	// Who answered; empty where the answer does not say.
	pod, node string
}

func (r row) String() string {
	return fmt.Sprintf("%s,%s,%d,%s,%s,%s,%s,%s\n", seconds(r.at), seconds(r.latency), r.status,
		clean(r.failure), r.method, r.id, clean(r.pod), clean(r.node))
}

// seconds prints a duration with microseconds, cut off and not rounded.
func seconds(d time.Duration) string {
	return fmt.Sprintf("%d.%06d", d/time.Second, d%time.Second/time.Microsecond)
}

// clean makes a text from elsewhere fit between two commas, without quotes.
func clean(text string) string {
	safe := strings.Map(func(r rune) rune {
		if r == ',' || r == '"' || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if runes := []rune(safe); len(runes) > longest {
		safe = string(runes[:longest])
	}
	return strings.TrimSpace(safe)
}

// rows is the file of rows. Each is written as it is complete, so that whole rows are there whatever
// ends this process.
type rows struct {
	mu   sync.Mutex
	file *os.File
}

func newRows(file *os.File) (*rows, error) {
	_, err := file.WriteString(header)
	return &rows{file: file}, err
}

func (r *rows) write(next row) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := r.file.WriteString(next.String())
	return err
}

func (r *rows) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.Close()
}
