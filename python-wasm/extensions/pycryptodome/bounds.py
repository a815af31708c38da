"""What PyCryptodome's declarations leave unsaid: how many bytes a function touches behind a pointer, and what it does
with it.

A buffer declared with a number (`digest[64]`) has that many bytes. Any other has as many as the next size after it
says, with nothing but buffers between them (`in, out, data_len`). The tables below hold everything else; generate.py
refuses a buffer that neither rule covers. Read against the C source of the pinned version: look here again when the pin
changes.
"""

# (function, buffer): size, in C, of the function's own parameters.
SIZES = {
    # Declared with 20, the callers' buffers and what is written have 16.
    ("md2_digest", "digest"): "16",
    ("md4_digest", "digest"): "16",
    ("Salsa20_8_core", "x"): "64",
    ("Salsa20_8_core", "y"): "64",
    ("Salsa20_8_core", "out"): "64",
    # The number after them counts rounds.
    ("SHA224_pbkdf2_hmac_assist", "first_digest"): "digest_size",
    ("SHA224_pbkdf2_hmac_assist", "final_digest"): "digest_size",
    ("SHA256_pbkdf2_hmac_assist", "first_digest"): "digest_size",
    ("SHA256_pbkdf2_hmac_assist", "final_digest"): "digest_size",
    ("SHA384_pbkdf2_hmac_assist", "first_digest"): "digest_size",
    ("SHA384_pbkdf2_hmac_assist", "final_digest"): "digest_size",
    ("SHA512_pbkdf2_hmac_assist", "first_digest"): "digest_size",
    ("SHA512_pbkdf2_hmac_assist", "final_digest"): "digest_size",
    ("strxor_c", "in"): "len",
    # Leaves of K12_LEAF_SIZE bytes, and K12_CV_SIZE bytes for each.
    ("k12_leaves", "in"): "8192 * (uint64_t)n_leaves",
    ("k12_leaves", "cvs"): "32 * (uint64_t)n_leaves",
    # Declared with 16, and read to its length.
    ("EKSBlowfish_start_operation", "salt"): "salt_len",
    ("pkcs1_decode", "output"): "len_em",
}

# (function, number): least and greatest, where the C function relies on it.
RANGES = {
    # It allocates N + 1 blocks without looking at the sum.
    ("scryptROMix", "N"): (1, 1 << 30),
    # It looks at the last 64 bytes before it looks at the length.
    ("scryptROMix", "data_len"): (128, (1 << 31) - 1),
    # It takes any size, and SHA512_digest copies so much.
    ("SHA512_init", "digest_size"): (1, 64),
    # They go round the key or the salt, for ever if it is empty.
    ("ARC4_stream_init", "keylen"): (1, 256),
    ("EKSBlowfish_start_operation", "key_len"): (1, 72),
    ("EKSBlowfish_start_operation", "salt_len"): (1, 64),
    ("EKSBlowfish_start_operation", "cost"): (0, 31),
}

# Not declared const, and only read.
READ_ONLY = {
    ("ARC4_stream_init", "key"),
    ("CTR_start_operation", "initialCounterBlock"),
    ("Salsa20_stream_init", "key"),
    ("Salsa20_stream_init", "nonce"),
}

# Written to, and given as a new byte string by the package itself.
FILLED = {("pkcs1_decode", "output")}

# None stands for the point at infinity.
MAY_BE_NONE = {
    ("curve25519_new_point", "x"),
    ("curve448_new_point", "x"),
}

# (function, parameter): the only C function that may be given there.
CALLBACKS = {("scryptROMix", "core"): "Salsa20_8_core"}

# Declared, and not there to be called: in no source file, or static, as the modes of operation find them in the cipher.
NOT_DEFINED = {"ed448_context"}
NOT_DEFINED |= {
    f"{cipher}_{direction}crypt"
    for cipher in ("AES", "ARC2", "Blowfish", "CAST", "DES", "DES3", "EKSBlowfish")
    for direction in ("en", "de")
}

# Instructions of one processor family. The package asks the cpuid functions first, and these say no.
NOT_BUILT = {"Crypto.Cipher._raw_aesni", "Crypto.Hash._ghash_clmul"}
