package storage_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// BenchmarkWrite stores files durably, database and objects on a real disk.
// Beside it, BenchmarkRawFile only writes and syncs a file of the same size.
func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20, 64 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			s, closeAll, err := openOnDisk(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer closeAll()
			content := make([]byte, size)
			b.SetBytes(int64(size))
			for n := 0; b.Loop(); n++ {
				if _, err := s.Write(b.Context(), admin, fmt.Sprintf("f%d", n), bytes.NewReader(content), -1, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWriteParallel(b *testing.B) {
	s, closeAll, err := openOnDisk(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer closeAll()
	content := make([]byte, 4<<10)
	var n atomic.Int64
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			path := fmt.Sprintf("f%d", n.Add(1))
			if _, err := s.Write(background, admin, path, bytes.NewReader(content), -1, ""); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkRawFile(b *testing.B) {
	dir := b.TempDir()
	content := make([]byte, 4<<10)
	for n := 0; b.Loop(); n++ {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("f%d", n)))
		if err != nil {
			b.Fatal(err)
		}
		_, err = f.Write(content)
		if err == nil {
			err = f.Sync()
		}
		if cerr := f.Close(); err != nil || cerr != nil {
			b.Fatal(err, cerr)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	s, closeAll, err := openOnDisk(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer closeAll()
	f, err := s.Write(b.Context(), admin, "f", bytes.NewReader(make([]byte, 4<<10)), -1, "")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, _, err := s.Read(b.Context(), admin, f.FileID)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			b.Fatal(err)
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
