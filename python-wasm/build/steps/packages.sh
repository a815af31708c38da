# The Python packages, through pip.
# reads: packages/fetch.py packages/lock.py packages/requirements.lock packages/metadata-backend build/store.py
# keeps: packages
# kept: no

python3 "$HERE/packages/fetch.py" "$OUT/packages"
