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

# Puts the linters first in the path, installed if need be.
LINTERS := linters=$$(tests/lint/tools.sh); PATH="$$linters:$$PATH"
# What lint-commits compares with.
BASE ?= origin/main

.PHONY: help run serve-demo test test-build test-packages test-api openapi fuzz test-isolation test-cpython bench
.PHONY: python native profile dist clean tools
.PHONY: lint lint-rust lint-dependencies deny advisories lint-shell lint-python lint-workflows lint-docs lint-commits lint-pins

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
	+$(BUILD) $(PROGRAMS)
	tests/run.sh $(RELEASE)

test-build: tools ## Run the tests of the build's steps and cache
	python3 -m unittest discover -s python-wasm/build/tests

test-isolation: tools ## Attack the sandbox with hostile scripts, and show what each saw and what its report said
	+$(BUILD) $(PROGRAMS)
	tests/attacks.sh

test-api: tools ## Try the service against its own OpenAPI description, with Schemathesis
	+$(BUILD) $(PROGRAMS)
	tests/api.sh

openapi: tools ## Renew the OpenAPI description that is checked in, crates/codehook-server/openapi/openapi.json
	RENEW_OPENAPI=1 $(CARGO) test $(RELEASE) --test openapi

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

lint: lint-rust lint-dependencies lint-shell lint-python lint-workflows lint-docs ## Check all that the verbs below check, commits left out

lint-rust: tools ## Check formatting, clippy's lints, and that rustdoc finds what comments link to
	$(CARGO) fmt --all --check
	# One profile and one set of crates: rustdoc takes what clippy has checked.
	$(CARGO) clippy $(RELEASE) --all-targets -- -D warnings
	# Private items are documented too, so that links to them lead somewhere.
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" $(CARGO) doc $(RELEASE) --no-deps --document-private-items

lint-dependencies: deny ## Check that every crate asked for is used, and changes no other's features for the tests alone
	$(LINTERS); cargo-shear --locked --deny-warnings
	tests/lint/features.sh

deny: tools ## Check the crates' licences and sources
	$(LINTERS); cargo-deny --all-features --locked check bans licenses sources

advisories: tools ## Check the crates against the advisories of RustSec, which needs the network
	$(LINTERS); cargo-deny --all-features --locked check advisories

lint-shell: tools ## Check the shell scripts
	$(LINTERS); tests/lint/shell-scripts.sh | xargs -0 shellcheck --external-sources

lint-python: tools ## Check the Python 3 scripts
	$(LINTERS); ruff check --quiet .
	python3 -m unittest discover --quiet --start-directory tests/docs

lint-workflows: tools ## Check the workflows of GitHub's
	$(LINTERS); check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(LINTERS); zizmor --offline --quiet .github

lint-docs: tools ## Check the documents: links, paths, verbs, options, examples; and the width of the sources
	$(LINTERS); rumdl check --no-cache --quiet .
	+$(BUILD) $(PROGRAMS)
	tests/docs/check.py

lint-commits: ## Check the form of the commits since BASE=origin/main
	tests/lint/commits.sh $(BASE)

lint-pins: ## Pin the linters of tests/lint/requirements.in, and what they need, by hash
	tests/lint/pin.sh

python: tools ## Build the interpreter and its library: target/lib/codehook/python2.7.runtime
	+$(BUILD) $(RUNTIME)

native: tools ## Build a native python2.7 of the same source, which benchmarks and CPython's tests compare with
	+$(BUILD) step.native

profile: tools ## Measure anew which ways through the interpreter are common, into python-wasm/profile (commit it)
	+$(BUILD) step.profile

tools:
	@python-wasm/build/install-tools.sh

dist: tools ## Make what is handed out, in target/dist: archive, Debian package, OCI image, list of parts (SBOM)
	+$(BUILD) $(PROGRAMS)
	packaging/dist.sh

test-packages: dist ## Install, run, upgrade and remove what `make dist` makes, as its users would (as root, in namespaces of its own)
	packaging/tests/test.sh

clean: ## Remove everything that was built (the build cache, ~/.cache/codehook/build, stays)
	rm -rf target
