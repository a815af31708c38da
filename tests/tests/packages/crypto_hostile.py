"""Calls every C function with what does not belong there. Whatever happens, it is an exception or a result, never a trap."""
import re

import _pycryptodome

libraries = _pycryptodome.libraries
Place = _pycryptodome.VoidPointer


def refused(function, *arguments):
    try:
        return function(*arguments)
    except (TypeError, ValueError, OverflowError, BufferError, MemoryError) as error:
        return type(error).__name__


# Lengths that the buffers do not have.
strxor = libraries['Crypto.Util._strxor']['strxor']
print refused(strxor, 'ab', 'ab', bytearray(2), 3), refused(strxor, 'ab', 'ab', bytearray(1), 2), refused(strxor, 'ab', 'ab', 'ab', 2)
print refused(strxor, 'ab', 'ab', bytearray(2), -1), refused(strxor, 'ab', 'ab', bytearray(2), 2 ** 32 + 2), refused(strxor, u'ab', 'ab', bytearray(2), 2)
print refused(libraries['Crypto.Hash._keccak']['k12_leaves'], 'x' * 8192, 2 ** 19 + 1, bytearray(64))
scrypt, core = libraries['Crypto.Protocol._scrypt']['scryptROMix'], libraries['Crypto.Cipher._Salsa20']['Salsa20_8_core']
print refused(scrypt, 'x' * 128, bytearray(128), 128, 2 ** 32 - 1, core), refused(scrypt, 'x' * 128, bytearray(128), 128, 2, len)
print refused(libraries['Crypto.Hash._SHA512']['SHA512_init'], Place(), 200)

# Objects of other functions, objects that are gone, and places that are taken.
aes, cbc, sha = libraries['Crypto.Cipher._raw_aes'], libraries['Crypto.Cipher._raw_cbc'], libraries['Crypto.Hash._SHA256']
cipher, mode, state = Place(), Place(), Place()
print aes['AES_start_operation']('k' * 16, 16, cipher), sha['SHA256_init'](state)
print refused(cbc['CBC_start_operation'], state, 'i' * 16, 16, Place()), refused(sha['SHA256_update'], cipher, 'x', 1)
print refused(sha['SHA256_init'], state), refused(sha['SHA256_update'], Place(), 'x', 1), refused(sha['SHA256_update'], None, 'x', 1)
print cbc['CBC_start_operation'](cipher, 'i' * 16, 16, mode), refused(aes['AES_stop_operation'], cipher)
print cbc['CBC_stop_operation'](mode), refused(cbc['CBC_encrypt'], mode, 'x' * 16, bytearray(16), 16), refused(cbc['CBC_stop_operation'], mode)

# A curve that is dropped while a point of it is in use.
from Crypto.PublicKey import _nist_ecc
from Crypto.Util.number import long_to_bytes
curve = _nist_ecc.p256_curve()
ec = libraries['Crypto.PublicKey._ec_ws']
point, other = Place(), Place()
context = curve.context.get()
print ec['ec_ws_new_point'](point, curve.Gx.to_bytes(32), curve.Gy.to_bytes(32), 32, context), ec['ec_ws_clone'](other, point)
ec['ec_ws_free_context'](context)
ec['ec_ws_free_point'](point)
del point, context, curve
x, y = bytearray(32), bytearray(32)
print ec['ec_ws_double'](other), ec['ec_ws_get_xy'](x, y, 32, other), str(x[:4]).encode('hex')

# Everything with anything, in an order that is always the same.
made = []
values = [0, 1, 8, 16, 32, -1, 2 ** 31, 2 ** 32, 2 ** 64, None, '', 'x' * 16, '\xff' * 64, u'x', 1.5, object(), core, len, True]
factories = [lambda: bytearray(16), lambda: bytearray(64), lambda: memoryview(bytearray(32)), Place]
number = 1
calls = 0
for round in range(12):
    made[:] = [Place(), Place(), Place()]
    aes['AES_start_operation']('k' * 16, 16, made[0])
    sha['SHA256_init'](made[1])
    for library in sorted(libraries):
        for name, function in sorted(libraries[library].items()):
            if name == 'EKSBlowfish_start_operation':
                continue  # 2 ** cost rounds: minutes, and no more than that.
            try:
                function(*[None] * 99)
            except TypeError as error:
                count = int(re.search(r'takes (\d+)', str(error)).group(1))
            arguments = []
            for _ in range(count):
                number = number * 1103515245 + 12345 & 2 ** 31 - 1
                choice = (number >> 16) % (len(values) + 12)
                if choice < len(values):
                    arguments.append(values[choice])
                elif choice < len(values) + 6:
                    arguments.append(made[choice % len(made)])
                else:
                    arguments.append(factories[choice % len(factories)]())
            refused(function, *arguments)
            calls += 1
print calls > 2000
