# Jinja2 shows a template's lines in a traceback, for which it sets a field through ctypes;
# packages/patches/Jinja2.patch takes this module instead.
$CC $CFLAGS -I"$PYTHON_TREE" -I"$PYTHON_TREE/Include" -c "$HERE/extensions/Jinja2/traceback.c"
$AR rcs libjinja2_traceback.a traceback.o
