# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016
# The list of parts.
bom=$dist/codehook-$version.cdx.json
judge() { "$root/target/tools/packaging/bin/python" "$here/judge_parts.py" "$@"; }
check "the list of parts is CycloneDX 1.5, by its schema" judge schema "$bom"
check "every crate whose code names its source in the program is in the list" \
    judge program "$bom" "$root/target/release/codehook"
check "the crates are those of cargo tree" judge tree "$bom"
check "what the program says it holds is in the list, with the same versions and licences" \
    judge runtime "$bom" "$root/target/release/codehook"
check "every line of sources.lock is in the list" judge sources "$bom"
