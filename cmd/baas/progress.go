package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress shows on a terminal how far long work is; elsewhere it is silent.
type progress struct {
	w     io.Writer // nil: silent
	total int64     // 0: not known
	shown time.Time
	wide  int
}

// newProgress returns the progress of work on total bytes.
func (sh *shell) newProgress(total int64) *progress {
	p := &progress{total: total}
	if f, ok := sh.log.(*os.File); ok && !sh.asJSON {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.w = f
		}
	}
	return p
}

// show says how many bytes are done, and what they were.
func (p *progress) show(done int64, what string) {
	const every = 100 * time.Millisecond
	if p.w == nil || time.Since(p.shown) < every {
		return
	}
	p.shown = time.Now()
	p.draw(done, what)
}

func (p *progress) draw(done int64, what string) {
	line := what
	if p.total > 0 {
		const width = 30
		part := min(float64(done)/float64(p.total), 1)
		n := int(part * width)
		line = fmt.Sprintf("[%s%s] %3.0f%%  %s", strings.Repeat("=", n), strings.Repeat(" ", width-n), 100*part, what)
	}
	fmt.Fprintf(p.w, "\r%-*s", p.wide, line)
	p.wide = max(p.wide, len(line))
}

// end takes the line away.
func (p *progress) end() {
	if p.w != nil && p.wide > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.wide))
	}
}
