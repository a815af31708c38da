"""Keys on elliptic curves: signing by ECDSA, agreeing by ECDH."""
from __future__ import absolute_import

from Crypto.PublicKey import ECC as _ECC
from Crypto.Signature import DSS as _DSS
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import _serialization
from cryptography.hazmat.primitives.asymmetric.utils import SigningContext, hashed
from cryptography.utils import check_bytes, check_bytes_like, int_to_bytes


class EllipticCurve(object):
    """A curve by name; `pycryptodome` is what PyCryptodome calls it, if it has it."""

    pycryptodome = None


def _curve(name, key_size, pycryptodome=None):
    return type(name.upper(), (EllipticCurve,), {
        'name': name, 'key_size': key_size, 'pycryptodome': pycryptodome, '__module__': __name__})


SECP192R1 = _curve('secp192r1', 192, 'P-192')
SECP224R1 = _curve('secp224r1', 224, 'P-224')
SECP256R1 = _curve('secp256r1', 256, 'P-256')
SECP384R1 = _curve('secp384r1', 384, 'P-384')
SECP521R1 = _curve('secp521r1', 521, 'P-521')
SECP256K1 = _curve('secp256k1', 256)
_CURVES = {'NIST ' + curve.pycryptodome: curve for curve in (SECP192R1, SECP224R1, SECP256R1, SECP384R1, SECP521R1)}


def _name(curve):
    if not isinstance(curve, EllipticCurve):
        raise TypeError('curve must be an EllipticCurve instance')
    if curve.pycryptodome is None:
        raise UnsupportedAlgorithm('curve {} is not part of the interpreter: Crypto.PublicKey.ECC has the NIST curves '
                                   'and Ed25519'.format(curve.name))
    return curve.pycryptodome


class EllipticCurveSignatureAlgorithm(object):
    pass


class ECDSA(EllipticCurveSignatureAlgorithm):
    def __init__(self, algorithm):
        self.algorithm = algorithm


class ECDH(object):
    pass


def generate_private_key(curve, backend=None):
    return EllipticCurvePrivateKey(_ECC.generate(curve=_name(curve)))


def derive_private_key(private_value, curve, backend=None):
    if private_value <= 0:
        raise ValueError('private_value must be a positive integer.')
    return EllipticCurvePrivateKey(_ECC.construct(curve=_name(curve), d=private_value))


class _Key(object):
    def __init__(self, key):
        self._key = key
        self.curve = _CURVES[key.curve]()

    @property
    def key_size(self):
        return self.curve.key_size

    def _signature(self, data, signature_algorithm):
        if not isinstance(signature_algorithm, ECDSA):
            raise UnsupportedAlgorithm('ECDSA is the one signature algorithm of these keys')
        digest, _ = hashed(data, signature_algorithm.algorithm)
        # The secret number of a signature follows from key and message, by RFC 6979: no chance, no repetition.
        return _DSS.new(self._key, 'deterministic-rfc6979', encoding='der'), digest


class EllipticCurvePrivateKey(_Key):
    def public_key(self):
        return EllipticCurvePublicKey(self._key.public_key())

    def sign(self, data, signature_algorithm):
        signer, digest = self._signature(data, signature_algorithm)
        return signer.sign(digest)

    def signer(self, signature_algorithm):
        return SigningContext(lambda data: self.sign(data, signature_algorithm))

    def exchange(self, algorithm, peer_public_key):
        if not isinstance(algorithm, ECDH):
            raise UnsupportedAlgorithm('ECDH is the one way to exchange with these keys')
        if peer_public_key.curve.name != self.curve.name:
            raise ValueError('peer_public_key and self are not on the same curve')
        shared = peer_public_key._key.pointQ * self._key.d
        return int_to_bytes(int(shared.x), (self.key_size + 7) // 8)

    def private_numbers(self):
        return EllipticCurvePrivateNumbers(int(self._key.d), self.public_key().public_numbers())

    def private_bytes(self, encoding, format, encryption_algorithm):
        return _serialization.private_bytes(self._key, encoding, format, encryption_algorithm)


class EllipticCurvePublicKey(_Key):
    def verify(self, signature, data, signature_algorithm):
        verifier, digest = self._signature(data, signature_algorithm)
        try:
            verifier.verify(digest, check_bytes_like('signature', signature))
        except (ValueError, TypeError, IndexError):
            raise InvalidSignature

    def verifier(self, signature, signature_algorithm):
        return SigningContext(lambda data: self.verify(signature, data, signature_algorithm))

    def public_numbers(self):
        x, y = self._key.pointQ.xy
        return EllipticCurvePublicNumbers(int(x), int(y), self.curve)

    def public_bytes(self, encoding, format):
        formats = _serialization.PublicFormat
        point_formats = {formats.UncompressedPoint: False, formats.CompressedPoint: True}
        if (encoding is _serialization.Encoding.X962) != (format in point_formats):
            raise ValueError('X962 encoding must be used with CompressedPoint or UncompressedPoint format')
        if format in point_formats:
            return self._key.export_key(format='SEC1', compress=point_formats[format])
        return _serialization.public_bytes(self._key, encoding, format)

    @classmethod
    def from_encoded_point(cls, curve, data):
        check_bytes('data', data)
        try:
            return cls(_ECC.import_key(data, curve_name=_name(curve)))
        except (ValueError, IndexError, TypeError):
            raise ValueError('Invalid elliptic curve point encoding')


EllipticCurvePrivateKeyWithSerialization = EllipticCurvePrivateKey
EllipticCurvePublicKeyWithSerialization = EllipticCurvePublicKey


class EllipticCurvePublicNumbers(object):
    def __init__(self, x, y, curve):
        self.x, self.y, self.curve = x, y, curve

    def public_key(self, backend=None):
        return EllipticCurvePublicKey(_ECC.construct(curve=_name(self.curve), point_x=self.x, point_y=self.y))

    def encode_point(self):
        length = (self.curve.key_size + 7) // 8
        return b'\x04' + int_to_bytes(self.x, length) + int_to_bytes(self.y, length)

    def _all(self):
        return self.x, self.y, self.curve.name

    def __eq__(self, other):
        return isinstance(other, EllipticCurvePublicNumbers) and self._all() == other._all()

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self._all())

    def __repr__(self):
        return '<EllipticCurvePublicNumbers(curve={}, x={}, y={})>'.format(self.curve.name, self.x, self.y)


class EllipticCurvePrivateNumbers(object):
    def __init__(self, private_value, public_numbers):
        self.private_value, self.public_numbers = private_value, public_numbers

    def private_key(self, backend=None):
        public = self.public_numbers
        return EllipticCurvePrivateKey(_ECC.construct(
            curve=_name(public.curve), d=self.private_value, point_x=public.x, point_y=public.y))

    def __eq__(self, other):
        return isinstance(other, EllipticCurvePrivateNumbers) and vars(self) == vars(other)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash((self.private_value, self.public_numbers))
