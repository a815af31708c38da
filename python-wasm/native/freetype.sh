# FreeType, with Debian's fixes and without longjmp.
# reads: native/freetype
mkdir source
tar -xf "$OUT"/cache/freetype_*.orig.tar.xz -C source --strip-components=1
tar -xf "$OUT"/cache/freetype_*.debian.tar.xz -C source
cd source
# The rest of Debian's series is for its demo programs and manuals.
for name in enable-subpixel-rendering fix-wild-free-svg CVE-2023-2004 disable_COLRv1 get_colr_glyph_paint \
    Minimal-stop-gap-fix-for-CVE-2025-27363; do
    patch -p1 -s -N < "debian/patches/$name.patch"
done
patch -p1 -s -N < "$HERE/native/freetype/no-longjmp.patch"
cp "$HERE/native/freetype/ftmodule.h" include/freetype/config/
cp -r include/. ../include/
cd ..
for name in autofit/autofit base/{ftsystem,ftinit,ftdebug,ftbase,ftbbox,ftbitmap,ftfstype,ftgasp,ftglyph,ftmm,ftstroke,ftsynth,fttype1} \
    bdf/bdf cff/cff cid/type1cid gzip/ftgzip lzw/ftlzw pcf/pcf pfr/pfr psaux/psaux pshinter/pshinter psnames/psmodule \
    raster/raster sfnt/sfnt smooth/smooth truetype/truetype type1/type1 type42/type42 winfonts/winfnt; do
    echo "source/src/$name.c"
done | each $CC $LIBRARY_CFLAGS -Wcast-function-type-mismatch -DFT2_BUILD_LIBRARY -DFT_CONFIG_OPTION_SYSTEM_ZLIB \
    -Isource/include -I"$HERE/runtime" -I"$OUT/zlib" -c {}
$AR rcs libfreetype.a ./*.o
