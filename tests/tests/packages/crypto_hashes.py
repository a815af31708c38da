from Crypto.Hash import (BLAKE2b, BLAKE2s, CMAC, HMAC, KangarooTwelve, MD2, MD4, MD5, Poly1305, RIPEMD160, SHA1, SHA224, SHA256, SHA384, SHA512, SHA3_256, SHAKE128, keccak)
from Crypto.Cipher import AES
from Crypto.Protocol import KDF
def h(text): return text.replace(' ', '').decode('hex')
failed = []
def check(name, made, expected):
    if made != h(expected): failed.append('%s: %s' % (name, made.encode('hex')))
import hashlib
for name, module in ('md5', MD5), ('sha1', SHA1), ('sha224', SHA224), ('sha256', SHA256), ('sha384', SHA384), ('sha512', SHA512):
    for length in 0, 1, 55, 56, 64, 111, 112, 128, 1000:
        text = ('0123456789' * 100)[:length]
        check(name, module.new(text).digest(), hashlib.new(name, text).hexdigest())
check('MD2', MD2.new('abc').digest(), 'da853b0d3f88d99b30283a69e6ded6bb')
check('MD4', MD4.new('abc').digest(), 'a448017aaf21d8525fc10ae87aa6729d')
check('RIPEMD-160', RIPEMD160.new('abc').digest(), '8eb208f7e05d987a9b044a8e98c6b087f15a0bfc')
check('SHA-512/256', SHA512.new('abc', truncate='256').digest(), '53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23')
check('SHA3-256', SHA3_256.new('abc').digest(), '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532')
check('SHAKE128', SHAKE128.new('').read(16), '7f9c2ba4e88f827d616045507605853e')
check('Keccak-256', keccak.new(digest_bits=256, data='').digest(), 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
check('KangarooTwelve', KangarooTwelve.new('').read(16), '1ac2d450fc3b4205d19da7bfca1b3751')
check('BLAKE2b', BLAKE2b.new(digest_bits=512, data='abc').digest()[:16], 'ba80a53f981c4d0d6a2797b69f12f6e9')
check('BLAKE2s', BLAKE2s.new(digest_bits=256, data='abc').digest(), '508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982')
# RFC 4231, 4.3; RFC 4493, example 2; RFC 8439, 2.5.2
check('HMAC', HMAC.new('Jefe', 'what do ya want for nothing?', SHA256).digest(), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
check('CMAC', CMAC.new(h('2b7e151628aed2a6abf7158809cf4f3c'), h('6bc1bee22e409f96e93d7e117393172a'), ciphermod=AES).digest(), '070a16b46b4d4144f79bdd9dd04a287c')
key = h('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b')
mac = Poly1305.Poly1305_MAC(key[:16], key[16:], 'Cryptographic Forum Research Group')
check('Poly1305', mac.digest(), 'a8061dc1305136c6c22b8baf0c0127a9')
# RFC 6070; RFC 7914, 11 and 12; RFC 5869, A.1
check('PBKDF2', KDF.PBKDF2('password', 'salt', 20, 4096, hmac_hash_module=SHA1), '4b007901b765489abead49d926f721d065a429c1')
check('PBKDF2 SHA-256', KDF.PBKDF2('passwd', 'salt', 64, 1, hmac_hash_module=SHA256)[:16], '55ac046e56e3089fec1691c22544b605')
check('scrypt', KDF.scrypt('password', 'NaCl', 64, 1024, 8, 16)[:16], 'fdbabe1c9d3472007856e7190d01e9fe')
check('HKDF', KDF.HKDF('\x0b' * 22, 42, h('000102030405060708090a0b0c'), SHA256, context=h('f0f1f2f3f4f5f6f7f8f9')), '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865')
hashed = '$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe'
KDF.bcrypt_check('a', hashed)
print failed
