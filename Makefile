# make lists its targets; each also works by the plain command it runs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
GO ?= go
LINT := $(GO) tool -modfile=tools/go.mod golangci-lint
CACHE ?= $(CURDIR)/.cache
export BAAS_CACHE := $(CACHE)
export BAAS_CONFORMANCE_DIR ?= $(abspath $(CURDIR)/../shared/conformance)

.PHONY: help run build setup test test-full lint fmt vet test-go sdk console nodelib test-sdk test-console e2e official-clients example bench bench-check fuzz clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

run: ## start the server on ./data
	$(GO) run ./cmd/baas

build: ## build bin/baas
	$(GO) build -trimpath -o bin/baas ./cmd/baas

setup: ## install what the tests need: Chromium, npm packages, a MinIO server
	scripts/setup.sh

test: setup lint test-go test-sdk test-console e2e ## everything CI runs
	@echo "all parts passed"

test-full: setup lint ## the same, with 200 kills of the server and of the engine, and longer random tests
	BAAS_KILLS=200 BAAS_ROUNDS=200 BAAS_ORACLE_ROUNDS=500 BAAS_BOMB_DOCS=1000000 $(MAKE) test-go test-sdk test-console e2e

lint: ## formatting, linters, import directions proven by violations
	$(LINT) run ./...
	$(LINT) fmt --diff ./...
	cd bench && $(GO) vet . && test -z "$$(gofmt -l .)"
	scripts/prove-imports.sh

fmt: ## format the Go code
	$(LINT) fmt ./...

test-go: build ## Go tests with the race detector
	BAAS_BINARY=$(CURDIR)/bin/baas BAAS_MINIO=$(CACHE)/minio $(GO) test -race -timeout 20m ./...

sdk: ## rebuild sdk-js/dist and functions/wxsdk/dist
	cd sdk-js && npm run build

console: ## rebuild web-console/dist
	cd web-console && npm run build

nodelib: ## rebuild functions/nodelib/dist
	cd functions/nodelib/build && npm ci --no-audit --no-fund && npm run build

test-sdk: ## types, lint and tests of the client SDK
	cd sdk-js && npm run check

test-console: ## types, lint and tests of the console
	cd web-console && npm run check

e2e: official-clients example ## real clients and a real browser against the real binary
	cd e2e && npm run console

official-clients: build ## the unmodified official SDKs run one scenario and the language's cases
	cd e2e && BAAS_BINARY=$(CURDIR)/bin/baas npm run official-clients
	cd e2e && BAAS_BINARY=$(CURDIR)/bin/baas npm run language-cases

example: build ## the example project through baas-sdk in Node and in Chromium
	cd e2e && BAAS_BINARY=$(CURDIR)/bin/baas npm run example

bench: ## the engine beside raw references (docs/performance.md), then every Go benchmark
	cd bench && $(GO) run .
	scripts/bench.sh

bench-check: ## the engine's bars at a small size; fails below one
	cd bench && $(GO) run . -check

fuzz: ## each fuzz target for a short time
	scripts/fuzz.sh

clean: ## remove what was built
	rm -rf bin .cache
