package flags

import (
	"slices"
	"testing"
)

func TestUserReplacesDefaults(t *testing.T) {
	got := Set{"v": "1", "profiling": "false"}.With([]string{"v=4", "--feature-gates=A=true", "feature-gates=B=true", "alsologtostderr"})
	want := []string{"--alsologtostderr=true", "--feature-gates=A=true", "--feature-gates=B=true", "--profiling=false", "--v=4"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
