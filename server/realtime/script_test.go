package realtime_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"baas/db"
	"baas/db/rules"
)

// script is a case of testdata/watch.json: what users watch, what the server
// writes, and which events that makes. Documents are in collection c; {alice}
// in them stands for her id.
type script struct {
	Name, Source string
	Mode         rules.Mode
	Docs         []json.RawMessage
	Steps        []struct {
		UserListens *struct {
			Watch, As string
			Query     json.RawMessage
			OrderBy   json.RawMessage
			Limit     int
		}
		UserUnlistens  string
		UserRebuilds   string
		ConnectionLost string // of a user
		ServerWrites   *struct {
			Insert                  []json.RawMessage
			Update, Replace, Upsert [2]json.RawMessage // condition, update
			Remove                  json.RawMessage
			Mode                    rules.Mode
			Drop, Create            bool
		}
		// ExpectEvents are lines by watch; a watch that is not named must not
		// get any.
		ExpectEvents map[string][]string
	}
}

func TestScripts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/watch.json")
	if err != nil {
		t.Fatal(err)
	}
	var scripts []script
	if err := json.Unmarshal(text, &scripts); err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			if s.Source == "" {
				t.Error("the case has no source")
			}
			newStage(t).play(s)
		})
	}
}

// stage is where a script is played.
type stage struct {
	*house
	users    map[string]rules.Principal
	clients  map[string]*client // by user
	fences   map[string]*view
	views    map[string]*view  // by watch
	watchers map[string]string // user by watch
}

func newStage(t *testing.T) *stage {
	s := &stage{
		house: open(t), users: map[string]rules.Principal{}, clients: map[string]*client{}, fences: map[string]*view{},
		views: map[string]*view{}, watchers: map[string]string{},
	}
	for _, name := range []string{"alice", "bob"} {
		s.users[name] = s.user(name)
		s.collection("fence-"+name, rules.ReadOnly)
	}
	return s
}

// real puts the users' ids in place of their names, roles the reverse.
func (s *stage) real(text json.RawMessage) string {
	out := string(text)
	for name, p := range s.users {
		out = strings.ReplaceAll(out, "{"+name+"}", p.UID)
	}
	return out
}

func (s *stage) roles(line string) string {
	for name, p := range s.users {
		line = strings.ReplaceAll(line, p.UID, "{"+name+"}")
	}
	return line
}

func (s *stage) play(c script) {
	s.t.Helper()
	docs := make([]string, len(c.Docs))
	for i, d := range c.Docs {
		docs[i] = s.real(d)
	}
	s.collection("c", c.Mode, docs...)
	for n, step := range c.Steps {
		got := map[string][]string{}
		switch {
		case step.UserListens != nil:
			l := step.UserListens
			if l.As == "" {
				l.As = "alice"
			}
			s.watchers[l.Watch] = l.As
			request := object{"envId": "dev", "collName": "c", "query": s.real(l.Query), "orderBy": l.OrderBy}
			if l.Limit > 0 {
				request["limit"] = l.Limit
			}
			got[l.Watch] = s.listen(l.Watch, request)
		case step.UserUnlistens != "":
			c := s.client(step.UserUnlistens)
			c.send("CLOSE_WATCH", step.UserUnlistens, nil, nil) // is not answered
			c.ask("PING", "", nil, nil).want("PONG")
			delete(s.views, step.UserUnlistens)
		case step.ConnectionLost != "":
			s.must(s.clients[step.ConnectionLost].conn.NetConn().Close())
			delete(s.clients, step.ConnectionLost)
		case step.UserRebuilds != "":
			v := s.views[step.UserRebuilds]
			f := s.client(v.id).ask("REBUILD_WATCH", v.id, object{"queryID": v.queryID, "eventID": v.event}, nil)
			got[v.id] = v.apply(f.want("NEXT_EVENT"))
		case step.ServerWrites != nil:
			s.write(step.ServerWrites.Insert, step.ServerWrites.Remove, map[string][2]json.RawMessage{
				"update": step.ServerWrites.Update, "replace": step.ServerWrites.Replace, "upsert": step.ServerWrites.Upsert,
			})
			if step.ServerWrites.Drop {
				s.must(s.db().DropCollection(s.t.Context(), admin, "c"))
			}
			if step.ServerWrites.Create {
				s.must(s.db().CreateCollection(s.t.Context(), admin, "c"))
			}
			if step.ServerWrites.Mode != "" {
				s.must(s.db().SetMode(s.t.Context(), admin, "c", step.ServerWrites.Mode))
			}
			for user := range s.clients {
				s.settle(user, got)
			}
		}
		for watch := range got {
			for i, line := range got[watch] {
				got[watch][i] = s.roles(line)
			}
		}
		if g, w := pretty(got), pretty(step.ExpectEvents); g != w {
			s.t.Fatalf("step %d: got\n%s\nwant\n%s", n, g, w)
		}
	}
}

func pretty(lines map[string][]string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if lines == nil {
		lines = map[string][]string{}
	}
	_ = e.Encode(lines) // strings can be encoded
	return b.String()
}

// client returns the connection of the user of a watch.
func (s *stage) client(watch string) *client {
	s.t.Helper()
	user := s.watchers[watch]
	if s.clients[user] == nil {
		s.clients[user] = s.login(s.users[user])
		s.fences[user] = s.clients[user].watch("fence", "fence-"+user, "{}")
	}
	return s.clients[user]
}

func (s *stage) listen(watch string, request object) []string {
	s.t.Helper()
	a := s.client(watch).ask("INIT_WATCH", watch, request, nil)
	if a.MsgType == "ERROR" {
		return []string{"ERROR " + string(a.MsgData.Code)}
	}
	v := &view{t: s.t, id: watch}
	v.init(a.want("INIT_EVENT"))
	s.views[watch] = v
	lines := []string{}
	for _, e := range a.MsgData.Events {
		lines = append(lines, v.describe(e))
	}
	return lines
}

func (s *stage) write(insert []json.RawMessage, remove json.RawMessage, updates map[string][2]json.RawMessage) {
	s.t.Helper()
	if insert != nil {
		docs := make([]string, len(insert))
		for i, d := range insert {
			docs[i] = s.real(d)
		}
		s.insert("c", docs...)
	}
	if remove != nil {
		s.remove("c", s.real(remove))
	}
	for kind, u := range updates {
		if u[0] == nil {
			continue
		}
		_, err := s.db().Update(s.t.Context(), admin, db.UpdateRequest{
			Collection: "c", Query: s.doc(s.real(u[0])), Update: s.doc(s.real(u[1])),
			Multi: kind == "update", Replace: kind != "update", Upsert: kind == "upsert",
		})
		s.must(err)
	}
}

// settle collects what a user is sent because of all that was written before.
// The event of a second, later write to another collection tells that every
// inbox was filled, and the answer after it that every inbox was emptied.
func (s *stage) settle(user string, got map[string][]string) {
	s.t.Helper()
	c, fence := s.clients[user], s.fences[user]
	for range 2 {
		s.insert("fence-"+user, `{}`)
		for before := fence.event; fence.event == before; {
			s.collect(c, user, got)
		}
	}
	for id := c.send("PING", "", nil, nil); ; {
		if s.collect(c, user, got).RequestID == id {
			break
		}
	}
	for watch, v := range s.views {
		if s.watchers[watch] != user {
			continue
		}
		if f := c.ask("CHECK_LAST", watch, object{"queryID": v.queryID, "eventID": v.event}, nil).want("CHECK_EVENT"); f.MsgData.CurrEvent != v.event {
			s.t.Fatalf("the server says that watch %s is at event %d, the client was sent %d", watch, f.MsgData.CurrEvent, v.event)
		}
	}
}

// collect receives one frame.
func (s *stage) collect(c *client, user string, got map[string][]string) frame {
	s.t.Helper()
	f := c.receive()
	switch {
	case f.WatchID == nil:
	case *f.WatchID == "fence":
		s.fences[user].apply(f)
	case f.MsgType == "ERROR":
		got[*f.WatchID] = append(got[*f.WatchID], "ERROR "+string(f.MsgData.Code))
		delete(s.views, *f.WatchID)
	default:
		v := s.views[*f.WatchID]
		if v == nil {
			s.t.Fatalf("a frame for watch %s, which nobody has: %+v", *f.WatchID, f.MsgData)
		}
		got[v.id] = append(got[v.id], v.apply(f)...)
	}
	return f
}
