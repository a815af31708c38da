# The C sources, through apt.
# reads: fetch-sources.sh sources.lock
# keeps: cache
# kept: no

"$HERE/fetch-sources.sh" "$OUT/cache"
