"""RSA keys: making, signing, encrypting, and their numbers."""
from __future__ import absolute_import

from os import urandom

from Crypto.Cipher import PKCS1_OAEP as _PKCS1_OAEP
from Crypto.Cipher import PKCS1_v1_5 as _PKCS1_v1_5
from Crypto.PublicKey import RSA as _RSA
from Crypto.Signature import pkcs1_15 as _pkcs1_15
from Crypto.Signature import pss as _pss
from Crypto.Util.asn1 import DerSequence
from Crypto.Util.number import GCD, inverse
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import _serialization
from cryptography.hazmat.primitives.asymmetric import padding as _padding
from cryptography.hazmat.primitives.asymmetric.utils import SigningContext, hashed
from cryptography.utils import check_bytes, check_bytes_like


def generate_private_key(public_exponent, key_size, backend=None):
    if public_exponent < 3 or public_exponent % 2 == 0:
        raise ValueError('public_exponent must be odd and not less than 3.')
    # The original goes down to 512 bits; PyCryptodome refuses what can be broken.
    return RSAPrivateKey(_RSA.generate(key_size, e=public_exponent))


class _RSAKey(object):
    def __init__(self, key):
        self._key = key

    @property
    def key_size(self):
        return self._key.size_in_bits()

    def _signature(self, padding, algorithm):
        if isinstance(padding, _padding.PKCS1v15):
            return _pkcs1_15.new(self._key)
        if isinstance(padding, _padding.PSS):
            salt = padding._salt_length
            if salt is padding.MAX_LENGTH:
                salt = _padding.calculate_max_pss_salt_length(self, algorithm)
            return _pss.new(self._key, salt_bytes=salt, mask_func=padding._mgf.mask)
        raise _unusable(padding, 'signing')

    def _oaep(self, padding):
        return _PKCS1_OAEP.new(self._key, hashAlgo=padding._algorithm, mgfunc=padding._mgf.mask, label=padding._label or b'')


class RSAPrivateKey(_RSAKey):
    def public_key(self):
        return RSAPublicKey(self._key.public_key())

    def sign(self, data, padding, algorithm):
        digest, algorithm = hashed(data, algorithm)
        return self._signature(padding, algorithm).sign(digest)

    def signer(self, padding, algorithm):
        return SigningContext(lambda data: self.sign(data, padding, algorithm))

    def decrypt(self, ciphertext, padding):
        check_bytes('ciphertext', ciphertext)
        if len(ciphertext) != self._key.size_in_bytes():
            raise ValueError('Ciphertext length must be equal to key size.')
        if isinstance(padding, _padding.OAEP):
            try:
                return self._oaep(padding).decrypt(ciphertext)
            except (ValueError, TypeError):
                raise ValueError('Decryption failed.')
        if isinstance(padding, _padding.PKCS1v15):
            # Nothing that was ever encrypted, so it comes back only when decryption fails.
            failed = urandom(16)
            message = _PKCS1_v1_5.new(self._key).decrypt(ciphertext, failed)
            if message == failed:
                raise ValueError('Decryption failed.')
            return message
        raise _unusable(padding, 'decrypting')

    def private_numbers(self):
        key = self._key
        return RSAPrivateNumbers(p=key.p, q=key.q, d=key.d, dmp1=key.dp, dmq1=key.dq, iqmp=key.invq,
                                 public_numbers=RSAPublicNumbers(key.e, key.n))

    def private_bytes(self, encoding, format, encryption_algorithm):
        return _serialization.private_bytes(self._key, encoding, format, encryption_algorithm)


class RSAPublicKey(_RSAKey):
    def verify(self, signature, data, padding, algorithm):
        digest, algorithm = hashed(data, algorithm)
        try:
            self._signature(padding, algorithm).verify(digest, check_bytes_like('signature', signature))
        except (ValueError, TypeError):
            raise InvalidSignature

    def verifier(self, signature, padding, algorithm):
        return SigningContext(lambda data: self.verify(signature, data, padding, algorithm))

    def encrypt(self, plaintext, padding):
        check_bytes('plaintext', plaintext)
        if isinstance(padding, _padding.OAEP):
            cipher = self._oaep(padding)
        elif isinstance(padding, _padding.PKCS1v15):
            cipher = _PKCS1_v1_5.new(self._key)
        else:
            raise _unusable(padding, 'encrypting')
        return cipher.encrypt(plaintext)

    def public_numbers(self):
        return RSAPublicNumbers(self._key.e, self._key.n)

    def public_bytes(self, encoding, format):
        if format is _serialization.PublicFormat.PKCS1:
            der = DerSequence([self._key.n, self._key.e]).encode()
            return _serialization.encoded(der, 'RSA PUBLIC KEY', encoding)
        return _serialization.public_bytes(self._key, encoding, format)


RSAPrivateKeyWithSerialization = RSAPrivateKey
RSAPublicKeyWithSerialization = RSAPublicKey


def _unusable(padding, use):
    if not isinstance(padding, _padding.AsymmetricPadding):
        return TypeError('Padding must be an instance of AsymmetricPadding.')
    return UnsupportedAlgorithm('{} is not supported for {}.'.format(padding.name, use))


class RSAPublicNumbers(object):
    def __init__(self, e, n):
        self.e, self.n = e, n

    def public_key(self, backend=None):
        if self.e < 3 or self.e >= self.n or self.e % 2 == 0:
            raise ValueError('e must be odd, >= 3 and < n.')
        return RSAPublicKey(_RSA.construct((self.n, self.e)))

    def __eq__(self, other):
        return isinstance(other, RSAPublicNumbers) and (self.e, self.n) == (other.e, other.n)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash((self.e, self.n))

    def __repr__(self):
        return '<RSAPublicNumbers(e={}, n={})>'.format(self.e, self.n)


class RSAPrivateNumbers(object):
    def __init__(self, p, q, d, dmp1, dmq1, iqmp, public_numbers):
        self.p, self.q, self.d = p, q, d
        self.dmp1, self.dmq1, self.iqmp = dmp1, dmq1, iqmp
        self.public_numbers = public_numbers

    def private_key(self, backend=None):
        n, e = self.public_numbers.n, self.public_numbers.e
        if self.p * self.q != n:
            raise ValueError('p*q must equal modulus.')
        if (self.dmp1, self.dmq1) != (self.d % (self.p - 1), self.d % (self.q - 1)) or self.iqmp * self.q % self.p != 1:
            raise ValueError('dmp1, dmq1 and iqmp must fit p, q and d.')
        return RSAPrivateKey(_RSA.construct((n, e, self.d, self.p, self.q)))

    def __eq__(self, other):
        return isinstance(other, RSAPrivateNumbers) and vars(self) == vars(other)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash((self.p, self.q, self.d, self.public_numbers))


def rsa_crt_iqmp(p, q):
    return inverse(q, p)


def rsa_crt_dmp1(private_exponent, p):
    return private_exponent % (p - 1)


def rsa_crt_dmq1(private_exponent, q):
    return private_exponent % (q - 1)


def rsa_recover_prime_factors(n, e, d):
    """The factors, the greater one first. d*e - 1 is a multiple of the order of every number, so a root of 1 turns up
    soon."""
    odd = d * e - 1
    twos = 0
    while odd % 2 == 0:
        odd //= 2
        twos += 1
    for base in range(2, 1000, 2):
        root = pow(base, odd, n)
        for _ in range(twos):
            square = root * root % n
            if square == 1 and root not in (1, n - 1):
                p = GCD(root + 1, n)
                return max(p, n // p), min(p, n // p)
            root = square
    raise ValueError('Unable to compute factors p and q from exponent d.')
