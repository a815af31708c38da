# The verbs a person types. `make run` and `make test` need nothing but Debian and Rust: what is missing is installed or built.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# make python SOURCE=DIR takes the interpreter's sources from there first.
export SOURCE ?=

CARGO := cargo
# Everywhere the same profile and the same selection of packages, which decides the features of dependencies: nothing is compiled
# twice. Never -p.
RELEASE := --release --locked --workspace
# Brings goals of python-wasm/build/build.mk up to date, with a job for each processor.
BUILD := python3 python-wasm/build/step.py build
RUNTIME := step.runtime
PROGRAMS := $(RUNTIME) programs
EVERYTHING := $(RUNTIME) all-programs

.PHONY: help run serve-demo test test-build test-api fuzz test-isolation test-cpython bench lint deny python native profile dist clean tools

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

run: tools ## Run both documented hooks against mock Okta and InterFAX servers and show what happened
	+$(BUILD) $(PROGRAMS)
	fixtures/demo.sh

serve-demo: tools ## Start the service with a tenant, two hooks and mock systems, send it a signed webhook, and show the runs that followed
	+$(BUILD) $(PROGRAMS)
	fixtures/serve-demo.sh

test: tools test-build ## Run every test of ours
	# The tests of the command line drive the program itself.
	+$(BUILD) $(EVERYTHING)
	$(CARGO) test $(RELEASE)

test-build: tools ## Run the tests of the build's steps and cache
	python3 -m unittest discover -s python-wasm/build/tests

test-isolation: tools ## Attack the sandbox with hostile scripts, and show what each saw and what its report said
	+$(BUILD) $(EVERYTHING)
	tests/attacks.sh

test-api: tools ## Try the service against its own OpenAPI description, with Schemathesis
	+$(BUILD) $(EVERYTHING)
	tests/api.sh

fuzz: tools ## Fuzz whatever parses what comes from outside (MINUTES=10 each, TARGETS="template url ..." for some)
	+$(BUILD) $(RUNTIME)
	tests/fuzz.sh

test-cpython: tools ## Run CPython's own tests natively and in the sandbox, and compare case by case (MODULES="test_json ..." for some)
	+$(BUILD) $(EVERYTHING) step.native step.tests
	target/release/test-cpython $(MODULES)

bench: tools ## Measure runs beside native python2.7 and other ways to isolate a script; results go to docs/performance
	+$(BUILD) $(EVERYTHING) step.native
	tests/bench-peers.sh
	target/release/bench

lint: tools ## Check formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(RELEASE) --all-targets -- -D warnings

deny: ## Check the crates' licences and sources (`cargo deny check advisories` needs the advisory database)
	command -v cargo-deny > /dev/null || $(CARGO) install --locked --root target/tools cargo-deny@0.20.2
	PATH="$(CURDIR)/target/tools/bin:$$PATH" cargo-deny --all-features check bans licenses sources

python: tools ## Build the interpreter and its library: target/lib/codehook/python2.7.runtime
	+$(BUILD) $(RUNTIME)

native: tools ## Build a native python2.7 of the same source, which benchmarks and CPython's tests compare with
	+$(BUILD) step.native

profile: tools ## Measure anew which ways through the interpreter are common, into python-wasm/profile (commit it)
	+$(BUILD) step.profile

tools:
	@python-wasm/install-tools.sh

dist: tools ## Make the program and its runtime file in target/dist
	+$(BUILD) $(PROGRAMS)
	mkdir -p target/dist/bin target/dist/lib/codehook
	cp target/release/codehook target/dist/bin/codehook
	strip target/dist/bin/codehook
	cp target/lib/codehook/python2.7.runtime target/dist/lib/codehook/
	ls -l target/dist/bin target/dist/lib/codehook

clean: ## Remove everything that was built (the build cache, ~/.cache/codehook/build, stays)
	rm -rf target
