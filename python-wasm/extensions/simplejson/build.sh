# simplejson's accelerators. The init function gets a name of its own: MarkupSafe's is called the same.
python3 "$HERE/packages/source.py" "$OUT/packages" simplejson source
python3 "$HERE/tools/wide_long.py" source/simplejson
$CC $CFLAGS -Wcast-function-type-mismatch -Dinit_speedups=init_simplejson_speedups -I"$PYTHON_TREE" -I"$PYTHON_TREE/Include" \
    -c source/simplejson/_speedups.c
$AR rcs libsimplejson.a _speedups.o
