package text_test

import (
	"math"
	"slices"
	"testing"

	"baas/db/text"
	"baas/db/value/valuetest"
)

func TestTerms(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"words in small letters", "Hello, World!", []string{"hello", "world"}},
		{"digits are letters", "iPhone15 v2", []string{"iphone15", "v2"}},
		{"no diacritics", "Résumé ÜBER naïve", []string{"resume", "uber", "naive"}},
		{"marks of their own", "re\u0301sume\u0301", []string{"resume"}},
		{"full width", "ＡＢＣ１２", []string{"abc12"}},
		{"pairs and the last character", "全文检索", []string{"全文", "文检", "检索", "索"}},
		{"one character", "中", []string{"中"}},
		{"punctuation ends a run", "大学。生活", []string{"大学", "学", "生活", "活"}},
		{"space ends a run", "大学 生", []string{"大学", "学", "生"}},
		{"mixed without spaces", "用iPhone拍照", []string{"用", "iphone", "拍照", "照"}},
		{"kana", "コーヒー", []string{"コー", "ーヒ", "ヒー", "ー"}},
		{"half-width kana", "ｶﾞｲﾄﾞ", []string{"ガイ", "イド", "ド"}},
		{"hangul", "안녕 하세요", []string{"안녕", "녕", "하세", "세요", "요"}},
		{"cyrillic and greek", "Привет ΚΌΣΜΕ", []string{"привет", "κοσμε"}},
		{"emoji are no words", "👍 ok", []string{"ok"}},
		{"damaged bytes", "a\xffb", []string{"a", "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			text.Terms([]byte(c.text), func(term []byte) bool {
				got = append(got, string(term))
				return true
			})
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// The scores of the example in MongoDB's manual, "$text", without stemming.
func TestScore(t *testing.T) {
	s, err := text.Compile("$text", valuetest.Doc(t, `{"v":{"$search":"java coffee shop"}}`).Get("v"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, description string
		want              float64
	}{
		{"Java Hut", "Coffee and cakes", 1.5},
		{"Burger Buns", "Gourmet hamburgers", 0},
		{"Coffee Shop", "Just coffee", 2.25},
		{"Clothes Clothes Clothes", "Discount clothing", 0},
		{"Java", "", 1.1},
	} {
		r := s.Match([]text.Field{{Text: []byte(c.name), Weight: 1}, {Text: []byte(c.description), Weight: 1}})
		if math.Abs(r.Score-c.want) > 1e-9 || r.Found != (c.want > 0) {
			t.Errorf("%s: got %v, %v, want %v", c.name, r.Found, r.Score, c.want)
		}
	}
}
