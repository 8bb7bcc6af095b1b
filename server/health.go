package server

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"baas/db/fault"
	"baas/db/rules"
	"baas/server/identity"
	"baas/server/reply"
)

// live says that the process serves requests.
func (s *Server) live(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// ready says whether requests should be sent here.
func (s *Server) ready(c echo.Context) error {
	if s.draining.Load() {
		return c.String(http.StatusServiceUnavailable, "draining\n")
	}
	if s.o.Ready != nil {
		if err := s.o.Ready(c.Request().Context()); err != nil {
			reply.Explain(c.Request().Context(), s.o.Log, err)
			return c.String(http.StatusServiceUnavailable, "not ready\n")
		}
	}
	return c.String(http.StatusOK, "ready\n")
}

// metrics shows everything in Prometheus text to whoever has admin rights in
// the default environment: an API key as bearer token, or a key pair as user
// and password.
func (s *Server) metrics() echo.HandlerFunc {
	show := echo.WrapHandler(promhttp.HandlerFor(s.o.Metrics, promhttp.HandlerOpts{}))
	return func(c echo.Context) error {
		p, err := s.administrator(c.Request())
		if err != nil {
			return err
		}
		if !p.ByPassesRules() {
			c.Response().Header().Set("WWW-Authenticate", `Basic realm="baas metrics"`)
			return fault.New(fault.CheckLoginFailed,
				"authorization: send an API key as Bearer, or secretId and secretKey as Basic")
		}
		return show(c)
	}
}

func (s *Server) administrator(r *http.Request) (rules.Principal, error) {
	e, err := s.o.Envs.Get("")
	if err != nil {
		return rules.Principal{}, err
	}
	if id, password, ok := r.BasicAuth(); ok {
		secret, p, err := e.Auth.Secret(r.Context(), id, "")
		if err != nil || subtle.ConstantTimeCompare([]byte(secret), []byte(password)) != 1 {
			return rules.Principal{}, err
		}
		return p, nil
	}
	token, ok := identity.Bearer(r.Header)
	if !ok {
		return rules.Principal{}, nil
	}
	return e.Auth.Authenticate(r.Context(), token)
}

// meters are the metrics of the edge.
type meters struct {
	running  prometheus.Gauge
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMeters(r *prometheus.Registry) (meters, error) {
	m := meters{
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "baas_http_requests_running", Help: "Requests being answered.",
		}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "baas_http_requests_total", Help: "Requests answered, by door, action, HTTP status and public code.",
		}, []string{"door", "action", "status", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "baas_http_request_seconds", Help: "Time from arrival to answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60},
		}, []string{"door"}),
	}
	for _, c := range []prometheus.Collector{
		m.running, m.requests, m.seconds, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := r.Register(c); err != nil {
			return m, fmt.Errorf("server: register metrics: %w", err)
		}
	}
	return m, nil
}

func (m meters) observe(door string, rec reply.Record, status int, took time.Duration) {
	m.requests.WithLabelValues(door, rec.Action, strconv.Itoa(status), string(rec.Code)).Inc()
	m.seconds.WithLabelValues(door).Observe(took.Seconds())
}
