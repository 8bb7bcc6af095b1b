package commit

// QueueLen is how many operations wait.
func QueueLen(c *Committer) int { return len(c.queue) }
