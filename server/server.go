// Package server puts the doors on one HTTP server: what every request passes
// (request id, origin, limits of time, log line, metrics), what happens to
// errors that no door has answered, and how the server stops.
//
// Dangers: HTTP defaults are open (threats.md, fact 6). A body or a response
// that does not move is cut off here, not by the doors; forwarded headers
// count only from listed proxies; a panic ends one request; nothing may
// redirect, because signatures cover host and path.
package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"baas/server/auth"
	"baas/server/authdoor"
	"baas/server/console"
	"baas/server/env"
	"baas/server/files"
	"baas/server/gateway"
	"baas/server/httpfn"
	"baas/server/origin"
	"baas/server/tcb"
	"baas/storage"
)

// Options are what a Server needs. A zero field has the meaning that is said
// with it.
type Options struct {
	Envs       *env.Registry
	Dispatcher *tcb.Dispatcher // shared with the functions' Host

	// PublicURL is the address clients use, for URLs in replies; empty: what
	// each request says in Host.
	PublicURL string
	// TrustedProxies are addresses or ranges whose X-Forwarded headers count;
	// empty: nobody's.
	TrustedProxies []string
	// AllowOrigins are the web origins that browsers may call the data doors
	// from; empty: every one. The data doors take no cookies.
	AllowOrigins []string

	BodyLimit int64 // bytes of a JSON body; 0: 6 MB

	Console *console.Console // nil: none
	Sockets http.Handler     // GET /ws; nil: none
	SDK     http.Handler     // GET /sdk/…; nil: none

	// Mount adds further routes. Their handlers find request id, Origin and
	// Record in the request's context.
	Mount []func(*echo.Echo)

	// Ready says whether the services behind the doors can work; nil: always.
	Ready func(context.Context) error
	// Metrics collects what /metrics shows; nil: a registry of the server's
	// own.
	Metrics *prometheus.Registry

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: nothing is logged
}

// defaultBodyLimit is the original's limit of a synchronous request
// (wx-cloud-api.md 9.6).
const defaultBodyLimit = 6 << 20

// Server is the HTTP side of the program. It is safe for concurrent use.
type Server struct {
	o        Options
	echo     *echo.Echo
	http     *http.Server
	draining atomic.Bool
}

// New makes a Server with all doors mounted. Code: InvalidParam for settings
// that make no sense.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.BodyLimit == 0 {
		o.BodyLimit = defaultBodyLimit
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	resolver, err := origin.NewResolver(o.PublicURL, o.TrustedProxies)
	if err != nil {
		return nil, err
	}
	meters, err := newMeters(o.Metrics)
	if err != nil {
		return nil, err
	}
	s := &Server{o: o, echo: echo.New()}
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.Logger.SetOutput(discard{})
	s.echo.IPExtractor = resolver.ClientIP
	s.echo.HTTPErrorHandler = s.handleError
	s.echo.Pre(s.arrive(resolver, meters), s.recoverPanics, pace, secureHeaders, cors(o.AllowOrigins))
	s.mount()
	s.http = &http.Server{
		Handler:           s.echo,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    256 << 10, // conditions travel in the query string at /v1
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	return s, nil
}

// discard drops what Echo itself would log.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func (s *Server) mount() {
	e, o := s.echo, s.o
	(&tcb.Door{Envs: o.Envs, Dispatcher: o.Dispatcher, BodyLimit: o.BodyLimit, Now: o.Now, Log: o.Log}).Mount(e)
	(&gateway.Door{Envs: o.Envs, BodyLimit: o.BodyLimit, Now: o.Now, Log: o.Log}).Mount(e)
	authdoor.Mount(e, authdoor.Options{Envs: s.authOf, Now: o.Now, Log: o.Log})
	files.Mount(e, s.filesOf, o.Log)
	(&httpfn.Door{Envs: o.Envs, BodyLimit: o.BodyLimit, Log: o.Log}).Mount(e)
	e.GET("/healthz", s.live)
	e.GET("/readyz", s.ready)
	e.GET("/metrics", s.metrics())
	if o.Console != nil {
		o.Console.Mount(e)
	}
	if o.Sockets != nil {
		e.GET("/ws", echo.WrapHandler(o.Sockets))
	}
	if o.SDK != nil {
		e.GET("/sdk/*", echo.WrapHandler(o.SDK))
	}
	for _, mount := range o.Mount {
		mount(e)
	}
}

// authOf returns who knows the users of the environment that a request to
// /auth/v1 names.
func (s *Server) authOf(r *http.Request, named string) (*auth.Service, error) {
	e, err := gateway.Environment(s.o.Envs, r, named)
	if err != nil {
		return nil, err
	}
	return e.Auth, nil
}

// filesOf returns the files of an environment.
func (s *Server) filesOf(envID string) (*storage.Service, error) {
	e, err := s.o.Envs.Get(envID)
	if err != nil {
		return nil, err
	}
	return e.Files, nil
}

// Handler returns the whole server as a handler, for a listener of one's own.
func (s *Server) Handler() http.Handler { return s.echo }

// Serve answers requests on l until Shutdown or a failure of l, and closes l.
// It returns nil after Shutdown.
func (s *Server) Serve(l net.Listener) error {
	err := s.http.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown turns /readyz to 503, stops accepting connections and waits until
// running requests have been answered or ctx ends, which cuts them off.
// Connections that a handler has taken over, such as sockets, are not
// touched: their owner closes them.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(err, s.http.Close())
	}
	return nil
}
