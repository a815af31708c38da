"""Paddings of RSA."""
from __future__ import absolute_import

from Crypto.Signature import pss as _pss
from cryptography.hazmat.primitives import hashes


class AsymmetricPadding(object):
    pass


class PKCS1v15(AsymmetricPadding):
    name = 'EMSA-PKCS1-v1_5'


class MGF1(object):
    MAX_LENGTH = object()

    def __init__(self, algorithm):
        self._algorithm = hashes.check_algorithm(algorithm)

    def mask(self, seed, length):
        return _pss.MGF1(seed, length, self._algorithm)


class PSS(AsymmetricPadding):
    MAX_LENGTH = object()
    name = 'EMSA-PSS'

    def __init__(self, mgf, salt_length):
        if salt_length is not self.MAX_LENGTH:
            if not isinstance(salt_length, (int, long)):
                raise TypeError('salt_length must be an integer.')
            if salt_length < 0:
                raise ValueError('salt_length must be zero or greater.')
        self._mgf, self._salt_length = mgf, salt_length


class OAEP(AsymmetricPadding):
    name = 'EME-OAEP'

    def __init__(self, mgf, algorithm, label):
        self._mgf, self._algorithm, self._label = mgf, hashes.check_algorithm(algorithm), label


def calculate_max_pss_salt_length(key, hash_algorithm):
    return (key.key_size + 6) // 8 - hash_algorithm.digest_size - 2
