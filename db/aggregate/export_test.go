package aggregate

// CompilePlain is Compile without optimisations.
func CompilePlain(stages []Stage) (*Pipeline, error) {
	c := &compiler{left: maxStages}
	return c.pipeline("pipeline", stages, 0)
}
