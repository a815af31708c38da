# reportlab's accelerators (what they do in Python otherwise is the slowest part of making a document), and the renderer of
# drawings to bitmaps with its libraries: libart, gt1, and FreeType for TrueType fonts.
python3 "$HERE/packages/source.py" "$OUT/packages" reportlab source
python3 "$HERE/wide_long.py" source/src/rl_addons
compile="$CC $CFLAGS -Wcast-function-type-mismatch -I$PYTHON_TREE -I$PYTHON_TREE/Include"
$compile -c source/src/rl_addons/rl_accel/_rl_accel.c
$AR rcs librl_accel.a _rl_accel.o

renderer=source/src/rl_addons/renderPM
version=$(sed -n 's/.*libart_\(major\|minor\|micro\)_version\], \[\([0-9]*\)\].*/\2/p' $renderer/libart_lgpl/configure.in | paste -sd.)
# gt1 counts on a compiler that knows strlen without being told.
for name in _renderPM gt1/gt1-{dict,namecontext,parset1,region} \
    libart_lgpl/art_{affine,misc,rect,rgb,rgb_affine,rgb_affine_private,rgb_pixbuf_affine,rgb_rgba_affine,rgb_svp} \
    libart_lgpl/art_{svp,svp_intersect,svp_ops,svp_render_aa,svp_vpath,svp_vpath_stroke,svp_wind,vpath,vpath_bpath,vpath_dash}; do
    $compile -include string.h -DRENDERPM_FT -DLIBART_COMPILATION "-DLIBART_VERSION=\"$version\"" -I$renderer \
        -I$renderer/libart_lgpl -I$renderer/gt1 -I"$OUT/libraries/freetype/include" -c $renderer/$name.c
done
rm _rl_accel.o
$AR rcs librenderpm.a ./*.o
