"""Modes of operation: each checks its initialization vector, and against the cipher that it is used with."""
from __future__ import absolute_import

from cryptography.utils import check_bytes, check_bytes_like


class Mode(object):
    def validate_for_algorithm(self, algorithm):
        """Raises ValueError where the mode does not fit the cipher."""


class _WithVector(Mode):
    def __init__(self, initialization_vector):
        self._vector = check_bytes_like('initialization_vector', initialization_vector)

    @property
    def initialization_vector(self):
        return self._vector

    def validate_for_algorithm(self, algorithm):
        if len(self._vector) * 8 != algorithm.block_size:
            raise ValueError('Invalid IV size ({}) for {}.'.format(len(self._vector), self.name))


class ModeWithInitializationVector(_WithVector):
    pass


class CBC(ModeWithInitializationVector):
    name = 'CBC'


class OFB(ModeWithInitializationVector):
    name = 'OFB'


class CFB(ModeWithInitializationVector):
    name = 'CFB'


class CFB8(ModeWithInitializationVector):
    name = 'CFB8'


class ECB(Mode):
    name = 'ECB'


class CTR(Mode):
    name = 'CTR'

    def __init__(self, nonce):
        self.nonce = check_bytes_like('nonce', nonce)

    def validate_for_algorithm(self, algorithm):
        if len(self.nonce) * 8 != algorithm.block_size:
            raise ValueError('Invalid nonce size ({}) for {}.'.format(len(self.nonce), self.name))


class GCM(_WithVector):
    name = 'GCM'

    def __init__(self, initialization_vector, tag=None, min_tag_length=16):
        super(GCM, self).__init__(initialization_vector)
        if not self._vector:
            raise ValueError('initialization_vector must be at least 1 byte')
        if min_tag_length < 4:
            raise ValueError('min_tag_length must be >= 4')
        self._min_tag_length = min_tag_length
        self.tag = None if tag is None else self.check_tag(tag)

    def check_tag(self, tag):
        """A short tag is soon found by trying."""
        if len(check_bytes('tag', tag)) < self._min_tag_length:
            raise ValueError('Authentication tag must be {} bytes or longer.'.format(self._min_tag_length))
        return tag

    def validate_for_algorithm(self, algorithm):
        if algorithm.name != 'AES':
            raise ValueError('GCM is for AES only')
