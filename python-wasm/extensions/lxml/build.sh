# lxml's C as Cython generated it. What else lxml can compile (builder, sax, html.clean, html.diff) stays Python.
# after: c_library.libxml2
python3 "$HERE/packages/source.py" "$OUT/packages" lxml source
patch -p1 -s -N -d source < "$HERE/extensions/lxml/out-of-memory.patch"
python3 "$HERE/tools/wide_long.py" source/src/lxml
printf 'source/src/lxml/%s.c\n' etree objectify _elementpath | each \
    $CC $CFLAGS -O1 -DWITHOUT_THREADING -DCYTHON_CLINE_IN_TRACEBACK=0 -I"$PYTHON_TREE" -I"$PYTHON_TREE/Include" \
    -Isource/src -Isource/src/lxml/includes -I"$OUT/libraries/libxml2/include" \
    -Wcast-function-type-mismatch -Werror=cast-function-type-mismatch -Werror=incompatible-function-pointer-types -c {}
$AR rcs liblxml.a etree.o objectify.o _elementpath.o
