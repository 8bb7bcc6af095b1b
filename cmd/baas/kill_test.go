package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// kills is how often the server is killed: 50, or BAAS_KILLS.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("BAAS_KILLS")
	if text == "" {
		return 50
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("BAAS_KILLS: %v", err)
	}
	return n
}

// Sixteen clients write through HTTP while the server is killed (SIGKILL);
// after each restart every document whose insert was acknowledged is there.
func TestAcknowledgedWritesSurviveKill(t *testing.T) {
	data := t.TempDir()
	p := startProcess(t, data)
	key := apiKey(t, data)
	if _, err := act(t.Context(), p.url, key, map[string]any{"action": "database.addCollection", "collectionName": "c"}); err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	total := 0
	for round := range kills(t) {
		acknowledged := writeUntilKilled(t, p, key, round, time.Duration(20+random.IntN(180))*time.Millisecond)
		p = startProcess(t, data)
		if missing := absent(t, p, key, acknowledged); len(missing) > 0 {
			t.Fatalf("kill %d: %d of %d acknowledged documents are lost, for example %s", round, len(missing), len(acknowledged), missing[0])
		}
		total += len(acknowledged)
	}
	if total == 0 {
		t.Fatal("no write was ever acknowledged: the test proved nothing")
	}
	t.Logf("%d acknowledged documents survived", total)
	p.stop()
}

func writeUntilKilled(t *testing.T, p *process, key string, round int, life time.Duration) []string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	var acknowledged []string
	var writers sync.WaitGroup
	for w := range 16 {
		writers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				id := fmt.Sprintf("r%d-w%d-%d", round, w, i)
				doc := fmt.Sprintf(`{"_id":%q,"n":{"$numberInt":"%d"}}`, id, i)
				_, err := act(ctx, p.url, key, map[string]any{
					"action": "database.insertDocument", "collectionName": "c", "data": []string{doc},
				})
				if err != nil {
					return // the server is gone
				}
				mu.Lock()
				acknowledged = append(acknowledged, id)
				mu.Unlock()
			}
		})
	}
	<-time.After(life)
	p.kill()
	cancel()
	writers.Wait()
	return acknowledged
}

// absent returns the ids that have no document.
func absent(t *testing.T, p *process, key string, ids []string) []string {
	t.Helper()
	var missing []string
	for len(ids) > 0 {
		chunk := ids[:min(500, len(ids))]
		ids = ids[len(chunk):]
		query, err := json.Marshal(map[string]any{"_id": map[string]any{"$in": chunk}})
		if err != nil {
			t.Fatal(err)
		}
		reply, err := act(t.Context(), p.url, key, map[string]any{
			"action": "database.getDocument", "collectionName": "c", "queryType": "WHERE",
			"query": string(query), "limit": 1000, "projection": `{"_id":1}`,
		})
		if err != nil {
			t.Fatal(err)
		}
		missing = append(missing, without(t, chunk, reply)...)
	}
	return missing
}

func without(t *testing.T, ids []string, reply json.RawMessage) []string {
	t.Helper()
	var page struct{ List []string }
	if err := json.Unmarshal(reply, &page); err != nil {
		t.Fatal(err)
	}
	there := make(map[string]bool, len(page.List))
	for _, text := range page.List {
		var doc struct {
			ID string `json:"_id"`
		}
		if err := json.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		there[doc.ID] = true
	}
	var missing []string
	for _, id := range ids {
		if !there[id] {
			missing = append(missing, id)
		}
	}
	return missing
}
