"""Signatures of DSA and ECDSA as DER, and digests that were computed before."""
from __future__ import absolute_import

from Crypto.Util.asn1 import DerSequence
from cryptography.hazmat.primitives import hashes
from cryptography.utils import check_bytes_like


def encode_dss_signature(r, s):
    return DerSequence([r, s]).encode()


def decode_dss_signature(signature):
    try:
        numbers = DerSequence().decode(signature, strict=True, nr_elements=2, only_ints_expected=True)
    except (ValueError, IndexError, TypeError) as error:
        raise ValueError('not a DER signature of two numbers: %s' % error)
    return numbers[0], numbers[1]


class Prehashed(object):
    def __init__(self, algorithm):
        self._algorithm = hashes.check_algorithm(algorithm)
        self.digest_size = algorithm.digest_size


class _Digest(object):
    """A digest, where PyCryptodome asks for the hash object that computed it."""

    def __init__(self, algorithm, digest):
        state = algorithm.new()
        self.new, self.oid, self.name = state.new, state.oid, getattr(state, 'name', None)
        self.digest_size, self.block_size = state.digest_size, state.block_size
        self._digest = digest

    def digest(self):
        return self._digest


def hashed(data, algorithm):
    """(hash object of PyCryptodome, hash algorithm) of data, or of the digest that it is."""
    data = check_bytes_like('data', data)
    if not isinstance(algorithm, Prehashed):
        return hashes.check_algorithm(algorithm).new(data), algorithm
    if len(data) != algorithm.digest_size:
        raise ValueError("The provided data must be the same length as the hash algorithm's digest size.")
    return _Digest(algorithm._algorithm, data), algorithm._algorithm


class SigningContext(object):
    """Signs what was passed piece by piece; the interface of before `sign`."""

    def __init__(self, sign):
        self._sign, self._data = sign, []

    def update(self, data):
        self._data.append(check_bytes_like('data', data))

    def finalize(self):
        return self._sign(b''.join(self._data))

    verify = finalize
