package broker

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"fogline/lab/netmaker/internal/settings"
)

// unused is an address on which nobody listens.
func unused(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "mqtt://" + listener.Addr().String()
}

func TestAServerThatDoesNotFindItsBrokerEnds(t *testing.T) {
	b := New(settings.Settings{Server: "test", ServerBroker: unused(t)})
	b.patience = 50 * time.Millisecond
	if err := b.Run(context.Background(), nil); !errors.Is(err, ErrNoBroker) {
		t.Errorf("error %v", err)
	}
}

func TestAServerThatIsToldToEndMeanwhileEndsWell(t *testing.T) {
	b := New(settings.Settings{Server: "test", ServerBroker: unused(t)})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.Run(ctx, nil); err != nil {
		t.Errorf("error %v", err)
	}
}
