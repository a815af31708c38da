# What `step.py build` has make do: the steps that it planned, and the Rust programs beside them. One job server counts
# all jobs, those of compilers that cargo starts among them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

STEP := python3 python-wasm/build/step.py
CRATES := python3 python-wasm/build/crates.py
CARGO := cargo
MAKEFILE := python-wasm/build/build.mk
# The features of dependencies are those of all packages that are selected, whatever is built of them: with the same
# selection everywhere, nothing is compiled twice.
CARGO_BUILD := $(CARGO) build --release --locked --workspace

include $(PLAN)

# What a user runs.
BINARIES := --bin codehook --bin mock-services

.PHONY: programs all-programs

# The tool comes first, for steps wait for it.
programs: $(filter step.tool,$(PLANNED))
	@$(CRATES) restore
	+$(CARGO_BUILD) $(BINARIES)
	@$(CRATES) keep $(BINARIES) $(if $(filter step.tool,$(PLANNED)),--bin python-snapshot)

all-programs: $(filter step.tool,$(PLANNED))
	@$(CRATES) restore
	+$(CARGO_BUILD)
	@$(CRATES) keep
