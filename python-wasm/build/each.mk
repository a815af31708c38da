# Runs $EACH_COMMAND (words quoted for bash) once for each of $(ITEMS), by make, so that its job server counts them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

.PHONY: all $(ITEMS)
all: $(ITEMS)
$(ITEMS):
	@eval "$${EACH_COMMAND//\\\{\\\}/$@}"
