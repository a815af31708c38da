# Pillow with zlib, libjpeg-turbo and FreeType. Without TIFF's compressions of libtiff, WebP, JPEG 2000 and LittleCMS,
# which are optional to Pillow as well.
# after: c_library.freetype c_library.libjpeg-turbo
python3 "$HERE/packages/source.py" "$OUT/packages" Pillow source
cd source
patch -p1 -s -N < "$HERE/extensions/Pillow/wasi.patch"
cd ..
python3 "$HERE/tools/wide_long.py" source/src
# A callback of libjpeg, whose long is not widened.
sed -i 's/\(skip_input_data(j_decompress_ptr cinfo,\) long long/\1 long/' source/src/libImaging/JpegDecode.c
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' source/src/PIL/_version.py)
# -Dround=round: where it sees no macro of that name it defines a round() of its own, which is wrong from 2**52 on and
# would be everybody's. Except.c is for programs without Python. Files about an absent library compile to nothing.
names="_imaging _imagingft _imagingmath _imagingmorph decode encode map display outline path"
names="$names $(cd source/src && ls libImaging/*.c | sed 's/\.c$//' | grep -v /Except)"
echo $names | tr ' ' '\n' | each sh -c "$CC $CFLAGS -Wcast-function-type-mismatch -I'$PYTHON_TREE' -I'$PYTHON_TREE/Include' \
    -Isource/src/libImaging -I'$HERE/runtime' -I'$OUT/zlib' -I'$OUT/libraries/libjpeg-turbo/include' -I'$OUT/libraries/freetype/include' \
    -DHAVE_LIBZ -DHAVE_LIBJPEG -Dround=round '-DPILLOW_VERSION=\"$version\"' -c source/src/{}.c -o \$(echo {} | tr / _).o"
$AR rcs libpillow.a ./*.o
