# PyCryptodome's C, and one module with a checked call for each of its functions. It expects to be loaded through ctypes
# or cffi with declarations given as text; calls.c is generated from these very texts.
python3 "$HERE/packages/source.py" "$OUT/packages" pycryptodome source
folder=$HERE/extensions/pycryptodome
python3 "$folder/generate.py" source/lib calls.c

# What setup.py finds out by compiling. Multiplication for 32 bits: one of 128 bits is a call on wasm, and slower.
defines="-DHAVE_STDINT_H -DPYCRYPTO_LITTLE_ENDIAN -DSYS_BITS=32 -DLTC_NO_ASM -DHAVE_POSIX_MEMALIGN"
sources="
    AES ARC2 ARC4 CAST DES DES3 Salsa20 blowfish blowfish_eks chacha20 pkcs1_decode
    raw_cbc raw_cfb raw_ctr raw_ecb raw_ocb raw_ofb
    MD2 MD4 MD5 RIPEMD160 SHA1 SHA224 SHA256 SHA384 SHA512 blake2b blake2s keccak poly1305 ghash_portable scrypt
    curve25519 curve448 ec_ws ed25519 ed448 p256_table p384_table p521_table modexp mont cpuid strxor
"
compile="$CC $CFLAGS -O3 $defines -Isource/src -Isource/src/libtom -Wall -Werror=cast-function-type-mismatch"
# Several files include one that defines sub_mod, and not as a static function.
printf '%s\n' $sources | each $compile -Dsub_mod={}_sub_mod -c source/src/{}.c
$CC $CFLAGS -Wall -Werror -I"$folder" -I"$PYTHON_TREE" -I"$PYTHON_TREE/Include" -c calls.c
# As one object, so that a name which another library has too is an error and not a silent choice; and so that a
# declaration which does not fit its function is one here.
wasm-ld-19 -r --fatal-warnings -o pycryptodome.o ./*.o
$AR rcs libpycryptodome.a pycryptodome.o
