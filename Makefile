# The verbs a person types. `make run` and `make test` need nothing but Debian and Rust: what is missing is installed or built.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# make python SOURCE=DIR takes the interpreter's sources from there first.
export SOURCE ?=

CARGO := cargo
# One profile and one set of crates for everything: compiling Cranelift twice would take longer than all tests.
RELEASE := --release --locked
# What can be built before the interpreter is there.
WITHOUT_PYTHON := --workspace --exclude codehook-python --exclude codehook --exclude codehook-tests

.PHONY: help run serve-demo test test-api fuzz test-isolation test-cpython bench lint deny python dist clean tools

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

run: python ## Run both documented hooks against mock Okta and InterFAX servers and show what happened
	$(CARGO) build $(RELEASE) --workspace
	fixtures/demo.sh

serve-demo: python ## Start the service with a tenant, two hooks and mock systems, send it a signed webhook, and show the runs that followed
	$(CARGO) build $(RELEASE) --workspace
	fixtures/serve-demo.sh

test: python ## Run every test of ours
	# The tests of the command line drive the program itself.
	$(CARGO) build $(RELEASE) --workspace
	$(CARGO) test $(RELEASE) --workspace

test-isolation: python ## Attack the sandbox with hostile scripts, and show what each saw and what its report said
	$(CARGO) build $(RELEASE) --workspace
	tests/attacks.sh

test-api: python ## Try the service against its own OpenAPI description, with Schemathesis
	$(CARGO) build $(RELEASE) --workspace
	tests/api.sh

fuzz: python ## Fuzz whatever parses what comes from outside (MINUTES=10 each, TARGETS="template url ..." for some)
	tests/fuzz.sh

test-cpython: python ## Run CPython's own tests natively and in the sandbox, and compare case by case (MODULES="test_json ..." for some)
	$(CARGO) build $(RELEASE) --workspace
	target/release/test-cpython $(MODULES)

bench: python ## Measure runs beside native python2.7 and other ways to isolate a script; results go to docs/performance
	$(CARGO) build $(RELEASE) --workspace
	tests/bench-peers.sh
	target/release/bench

lint: python ## Check formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(RELEASE) --workspace --all-targets -- -D warnings

deny: ## Check the crates' licences and sources (`cargo deny check advisories` needs the advisory database)
	command -v cargo-deny > /dev/null || $(CARGO) install --locked --root target/tools cargo-deny@0.20.2
	PATH="$(CURDIR)/target/tools/bin:$$PATH" cargo-deny --all-features check bans licenses sources

python: tools ## Build the interpreter and its library into target/python-wasm
	python-wasm/build.sh
	$(CARGO) build $(RELEASE) $(WITHOUT_PYTHON)
	python-wasm/build.sh snapshot

tools:
	@python-wasm/install-tools.sh

dist: python ## Make one self-contained binary in target/dist
	$(CARGO) build $(RELEASE) --workspace
	mkdir -p target/dist
	cp target/release/codehook target/dist/codehook
	strip target/dist/codehook
	ls -l target/dist/codehook

clean: ## Remove everything that was built
	rm -rf target
