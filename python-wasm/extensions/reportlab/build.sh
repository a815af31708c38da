# reportlab's accelerators. What they do in Python otherwise is the slowest part of making a document.
python3 "$HERE/packages/source.py" "$OUT/packages" reportlab source
python3 "$HERE/wide_long.py" source/src/rl_addons/rl_accel
$CC $CFLAGS -I"$PYTHON_TREE" -I"$PYTHON_TREE/Include" -c source/src/rl_addons/rl_accel/_rl_accel.c
$AR rcs librl_accel.a _rl_accel.o
