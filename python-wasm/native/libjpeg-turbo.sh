# JPEG, in plain C: without the assembly that libjpeg-turbo has for other processors. Its API is libjpeg 6b's, as in
# Debian.
# reads: native/libjpeg-turbo
mkdir source
tar -xf "$OUT"/cache/libjpeg-turbo_*.orig.tar.gz -C source --strip-components=1
cp source/{jpeglib,jmorecfg,jerror}.h "$HERE/native/libjpeg-turbo/jconfig.h" include/
cp "$HERE"/native/libjpeg-turbo/*.h source/
sed 's/@COPYRIGHT_YEAR@/1991-2023/' source/jversion.h.in > source/jversion.h
# No jmemansi: images are never put aside into temporary files.
for name in jaricom jcapimin jcapistd jcarith jccoefct jccolor jcdctmgr jchuff jcicc jcinit jcmainct jcmarker jcmaster jcomapi \
    jcparam jcphuff jcprepct jcsample jctrans jdapimin jdapistd jdarith jdatadst jdatasrc jdcoefct jdcolor jddctmgr jdhuff \
    jdicc jdinput jdmainct jdmarker jdmaster jdmerge jdphuff jdpostct jdsample jdtrans jerror jfdctflt jfdctfst jfdctint \
    jidctflt jidctfst jidctint jidctred jmemmgr jmemnobs jquant1 jquant2 jsimd_none jutils; do
    echo "$name.c"
done | each $CC $LIBRARY_CFLAGS -Wcast-function-type-mismatch -Isource -c source/{}
$AR rcs libjpeg.a ./*.o
