# reportlab's accelerators (what they do in Python otherwise is the slowest part of making a document), and the renderer
# of drawings to bitmaps with its libraries: libart, gt1, and FreeType for TrueType fonts.
# after: c_library.freetype
python3 "$HERE/packages/source.py" "$OUT/packages" reportlab source
accelerators=source/src/rl_addons/rl_accel
renderer=source/src/rl_addons/renderPM
python3 "$HERE/tools/wide_long.py" $accelerators $renderer/_renderPM.c
with_python="$CC $CFLAGS -Wcast-function-type-mismatch -I$PYTHON_TREE -I$PYTHON_TREE/Include"
$with_python -c $accelerators/_rl_accel.c
$AR rcs librl_accel.a _rl_accel.o

# art_config.h was made where the archive was packed, on a machine with a longer long.
sed -i 's/\(ART_SIZEOF_LONG\) 8/\1 4/' $renderer/libart_lgpl/art_config.h
headers="-I$renderer -I$renderer/libart_lgpl -I$renderer/gt1"
version=$(sed -n 's/.*libart_\(major\|minor\|micro\)_version\], \[\([0-9]*\)\].*/\2/p' $renderer/libart_lgpl/configure.in | paste -sd.)
$with_python -DRENDERPM_FT "-DLIBART_VERSION=\"$version\"" $headers -I"$OUT/libraries/freetype/include" -c $renderer/_renderPM.c
for name in gt1/gt1-{dict,namecontext,parset1,region} \
    libart_lgpl/art_{affine,misc,rect,rgb,rgb_affine,rgb_affine_private,rgb_pixbuf_affine,rgb_rgba_affine,rgb_svp} \
    libart_lgpl/art_{svp,svp_intersect,svp_ops,svp_render_aa,svp_vpath,svp_vpath_stroke,svp_wind,vpath,vpath_bpath,vpath_dash}; do
    # gt1 counts on a compiler that knows strlen without being told.
    $CC $LIBRARY_CFLAGS -Wcast-function-type-mismatch -include string.h -DLIBART_COMPILATION $headers -c $renderer/$name.c
done
$AR rcs librenderpm.a _renderPM.o gt1*.o art*.o
