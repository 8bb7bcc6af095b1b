package auth_test

import (
	"testing"

	"baas/db"
	"baas/db/dbtest"
	"baas/server/auth"
)

// What a request pays for its identity, on a database file.
func BenchmarkAuthenticate(b *testing.B) {
	s := auth.New(auth.Options{
		DB: dbtest.Bolt(b).Open(b, db.Options{}), Env: "dev",
		Secret: []byte("a secret of at least 32 bytes, for tests only"),
	})
	session, err := s.SignInAnonymously(b.Context(), device)
	if err != nil {
		b.Fatal(err)
	}
	pair, err := s.CreateKey(b.Context(), auth.KeyAdmin)
	if err != nil {
		b.Fatal(err)
	}
	api, err := s.CreateKey(b.Context(), auth.KeyAPI)
	if err != nil {
		b.Fatal(err)
	}
	for name, bearer := range map[string]string{"AccessToken": session.AccessToken, "APIKey": api.Token} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Authenticate(b.Context(), bearer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("Secret", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := s.Secret(b.Context(), pair.SecretID, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}
