#!/usr/bin/env bash
# Puts what every package holds into a directory: the program in one piece, its manual pages and completions, documents
# and examples.
#
#     stage.sh OUT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=packaging/common.sh
. "$here/common.sh"
stage=${1:?usage: stage.sh OUT}
program=$root/target/release/codehook
runtime=$root/target/lib/codehook/python2.7.runtime

mkdir -p "$stage"/{man,completions,doc,examples,systemd}
"$here/attach-runtime.sh" "$program" "$runtime" "$stage/codehook"

"$stage/codehook" man "$stage/man" 2> /dev/null
"$stage/codehook" completions bash > "$stage/completions/codehook"
"$stage/codehook" completions zsh > "$stage/completions/_codehook"
"$stage/codehook" completions fish > "$stage/completions/codehook.fish"
cp "$root/LICENSE" "$root"/{README,SECURITY,ARCHITECTURE,CONTRIBUTING,CHANGELOG}.md "$stage/doc"
# Their notices are wanted also where the build took everything from its cache.
"$root/python-wasm/build/fetch-sources.sh" "$root/target/python-wasm/cache"
python3 "$here/parts.py" notices > "$stage/doc/THIRD-PARTY-NOTICES"
# README.md links to them.
cp -r "$root/docs" "$stage/doc/docs"
cp "$here/systemd/codehook.service" "$stage/systemd"
cp -r "$here"/{kubernetes,compose,nginx,caddy} "$stage/examples"
cp "$here/etc/serve.toml" "$stage/examples/serve.toml"

find "$stage" -type d -exec chmod 755 {} +
find "$stage" -type f -exec chmod 644 {} +
chmod 755 "$stage/codehook"
find "$stage" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
