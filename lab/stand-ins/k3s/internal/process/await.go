package process

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// Await repeats a check until it succeeds, the context ends, or within has passed: then the error says what
// was awaited, and has the last check's.
func Await(ctx context.Context, what string, within time.Duration, check func(context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, within, true, func(ctx context.Context) (bool, error) {
		last = check(ctx)
		return last == nil, nil
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: not within %s: %w", what, within, last)
	}
	return err
}
