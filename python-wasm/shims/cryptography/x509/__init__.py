"""Certificates, as far as reading one's key and validity goes."""
from __future__ import absolute_import

import datetime
import re

from Crypto.IO import PEM as _PEM
from Crypto.Util.asn1 import DerObject, DerSequence
from cryptography.hazmat.primitives import _serialization, hashes, serialization
from cryptography.utils import check_bytes_like

_BLOCK = re.compile(r'-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----', re.DOTALL)
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18


class Version(object):
    def __init__(self, name, value):
        self.name, self.value = name, value

    def __repr__(self):
        return '<Version.{}: {}>'.format(self.name, self.value)


Version.v1, Version.v3 = Version('v1', 0), Version('v3', 2)


class InvalidVersion(Exception):
    pass


def load_pem_x509_certificate(data, backend=None):
    found = _BLOCK.search(check_bytes_like('data', data))
    if not found:
        raise ValueError('Unable to load certificate: no BEGIN CERTIFICATE in the data')
    return load_der_x509_certificate(_PEM.decode(found.group(0))[0])


def load_der_x509_certificate(data, backend=None):
    try:
        return Certificate(check_bytes_like('data', data))
    except (ValueError, IndexError, TypeError) as error:
        raise ValueError('Unable to load certificate: %s' % error)


class Certificate(object):
    def __init__(self, der):
        self._der = der
        outer = DerSequence().decode(der, nr_elements=3)
        self.tbs_certificate_bytes = outer[0]
        fields = list(DerSequence().decode(outer[0]))
        # Where the version is not said, it is the first.
        self.version = Version.v1
        if not isinstance(fields[0], (int, long)):
            number = DerSequence(implicit=None).decode(b'\x30' + fields.pop(0)[1:])[0]
            if number not in (0, 2):
                raise InvalidVersion('{} is not a valid X509 version'.format(number), number)
            self.version = Version.v3 if number == 2 else Version.v1
        self.serial_number, _, _, validity, _, self._key = fields[:6]
        self.not_valid_before, self.not_valid_after = map(_time, DerSequence().decode(validity, nr_elements=2))

    def public_key(self):
        return serialization.load_der_public_key(self._key)

    def fingerprint(self, algorithm):
        return hashes.check_algorithm(algorithm).new(self._der).digest()

    def public_bytes(self, encoding):
        return _serialization.encoded(self._der, 'CERTIFICATE', encoding)

    def __eq__(self, other):
        return isinstance(other, Certificate) and self._der == other._der

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self._der)

    def __getattr__(self, name):
        if name.startswith('_'):
            raise AttributeError(name)
        raise NotImplementedError('{} of a certificate is not read here: decode public_bytes(Encoding.DER) with '
                                  'pyasn1_modules.rfc5280.Certificate'.format(name))


def _time(der):
    field = DerObject()
    field.decode(der)
    text = field.payload
    if field._tag_octet == _UTC_TIME:
        # Two digits of a year: from 1950 on, by RFC 5280.
        text = ('19' if text[:2] >= '50' else '20') + text
    elif field._tag_octet != _GENERALIZED_TIME:
        raise ValueError('no time')
    return datetime.datetime.strptime(text, '%Y%m%d%H%M%SZ')


def _only_reading(name):
    def refuse(self, *args, **kwargs):
        raise NotImplementedError('x509.{} is not part of the interpreter: certificates are only read here'.format(name))

    return type(name, (object,), {'__init__': refuse, '__module__': __name__})


CertificateBuilder = _only_reading('CertificateBuilder')
CertificateSigningRequestBuilder = _only_reading('CertificateSigningRequestBuilder')
CertificateRevocationListBuilder = _only_reading('CertificateRevocationListBuilder')
