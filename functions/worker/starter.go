package worker

import (
	"os/exec"
	"runtime"
)

// starter starts all child processes from one OS thread that lives as long as
// the pool. Linux kills a child with Pdeathsig when the thread that started it
// ends, and Go ends threads when it likes.
type starter struct {
	jobs chan startJob
	done chan struct{}
}

type startJob struct {
	cmd *exec.Cmd
	err chan error
}

func newStarter() *starter {
	s := &starter{jobs: make(chan startJob), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *starter) run() {
	defer close(s.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for j := range s.jobs {
		j.err <- j.cmd.Start()
	}
}

// start is cmd.Start on the starter's thread.
func (s *starter) start(cmd *exec.Cmd) error {
	j := startJob{cmd, make(chan error, 1)}
	s.jobs <- j
	return <-j.err
}

// close ends the thread. No start is under way and none follows.
func (s *starter) close() {
	close(s.jobs)
	<-s.done
}
