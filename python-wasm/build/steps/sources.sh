# The C sources, through apt.
# reads: build/fetch-sources.sh build/sources.lock
# keeps: cache
# kept: no

"$HERE/build/fetch-sources.sh" "$OUT/cache"
