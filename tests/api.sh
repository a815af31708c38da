#!/usr/bin/env bash
# Schemathesis makes requests from the service's own OpenAPI description: none may be answered with a server error, or with anything that the
# description does not say. EXAMPLES says how many requests of each kind (50).
#
# Left out: the stream of all runs, which does not end; and that every request that fits the schema is taken. A template that is no Python and a rule that names no host fit it as well.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=target/tools/schemathesis
[ -x "$tools/bin/schemathesis" ] || {
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet schemathesis==4.32.5
}
data=$(mktemp -d)
target/release/codehook serve --data-dir "$data" --listen 127.0.0.1:0 2> target/api-serve.log &
service=$!
trap 'kill "$service" 2> /dev/null || true; wait "$service" || true; rm -rf "$data"' EXIT
for _ in $(seq 600); do
    grep -q 'listening on' target/api-serve.log && break
    kill -0 "$service" 2> /dev/null || { cat target/api-serve.log >&2; exit 1; }
    sleep 0.1
done
base=$(sed -n 's/.*listening on //p' target/api-serve.log)
key=$(cat "$data/operator-key")
curl --silent --fail --header "Authorization: Bearer $key" --data '{"id": "acme"}' "$base/v1/tenants" > /dev/null
"$tools/bin/schemathesis" --config-file tests/schemathesis.toml run "$base/openapi.json" --header "Authorization: Bearer $key" --max-examples "${EXAMPLES:-50}" \
    --exclude-checks positive_data_acceptance --exclude-path-regex '/runs/live$'
