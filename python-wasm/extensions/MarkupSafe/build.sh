# MarkupSafe's accelerators. The init function gets a name of its own: simplejson's is called the same.
python3 "$HERE/packages/source.py" "$OUT/packages" MarkupSafe source
python3 "$HERE/tools/wide_long.py" source/src/markupsafe
$CC $CFLAGS -Wcast-function-type-mismatch -Dinit_speedups=init_markupsafe_speedups -I"$PYTHON_TREE" -I"$PYTHON_TREE/Include" \
    -c source/src/markupsafe/_speedups.c
$AR rcs libmarkupsafe.a _speedups.o
