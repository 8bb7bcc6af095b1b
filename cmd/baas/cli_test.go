package main_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ran is how a command ended.
type ran struct {
	status      int
	out, errors string
}

func runCommand(t *testing.T, command ...string) ran {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	var out, words strings.Builder
	cmd := exec.Command(bin, command...)
	cmd.Stdout, cmd.Stderr = &out, &words
	err = cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return ran{cmd.ProcessState.ExitCode(), out.String(), words.String()}
}

// Exit status 2 is for the command line, and nothing mistyped succeeds.
func TestMistypedCommandsFail(t *testing.T) {
	for _, tc := range []struct{ line, says string }{
		{"bogus", `unknown command "bogus"`},
		{"fn depoly x", `unknown command "depoly"`},
		{"fn invoke a b", "accepts 1 arg(s), received 2"},
		{"fn list --bogus", "unknown flag: --bogus"},
	} {
		t.Run(tc.line, func(t *testing.T) {
			got := runCommand(t, strings.Fields(tc.line)...)
			if got.status != 2 || !strings.Contains(got.errors, tc.says) || !strings.Contains(got.errors, "--help") {
				t.Errorf("status %d, %q", got.status, got.errors)
			}
		})
	}
	if got := runCommand(t, "fn"); got.status != 0 || !strings.Contains(got.out, "Available Commands") {
		t.Errorf("a group of commands alone: status %d, %q", got.status, got.out)
	}
}

// With --json there is one object on the output, whatever comes of the command.
func TestJSONIsOneObject(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for _, tc := range []struct {
		line   string
		status int
		code   string
	}{
		{"fn list", 0, ""},
		{"fn invoke hello", 0, ""},
		{"fn logs", 0, ""},
		{"fn invoke gone", 1, "FUNCTION_NOT_FOUND"},
		{"key create --kind odd", 1, "INVALID_PARAM"},
		{"fn list --env gone", 1, "INVALIID_ENV"},
		{"fn invoke", 2, "INVALID_PARAM"},
	} {
		t.Run(tc.line, func(t *testing.T) {
			got := runCommand(t, append(strings.Fields(tc.line), "--json", "--data", data)...)
			var o struct{ Code, Message string }
			if err := json.Unmarshal([]byte(got.out), &o); err != nil {
				t.Fatalf("%v in %q", err, got.out)
			}
			if got.status != tc.status || o.Code != tc.code || (o.Message == "") != (tc.code == "") {
				t.Errorf("status %d, %+v", got.status, o)
			}
		})
	}
}

// A mistyped folder must not pass for an empty server.
func TestMakingANewFolderIsSaid(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for i, want := range []bool{true, false} {
		got := runCommand(t, "fn", "list", "--data", data)
		if said := strings.Contains(got.errors, "a new folder was made"); got.status != 0 || said != want {
			t.Errorf("call %d: status %d, %q", i, got.status, got.errors)
		}
	}
	if _, err := os.Stat(filepath.Join(data, "baas.json")); err != nil {
		t.Error(err)
	}
}
