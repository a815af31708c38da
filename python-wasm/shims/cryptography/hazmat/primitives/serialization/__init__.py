"""Keys read from and written as PEM, DER and OpenSSH."""
from __future__ import absolute_import

from cryptography.hazmat.primitives._serialization import (
    BestAvailableEncryption, Encoding, KeySerializationEncryption, NoEncryption, ParameterFormat, PrivateFormat,
    PublicFormat)
from cryptography.hazmat.primitives.serialization._loading import (
    load_der_private_key, load_der_public_key, load_pem_private_key, load_pem_public_key, load_ssh_private_key,
    load_ssh_public_key)

__all__ = ['BestAvailableEncryption', 'Encoding', 'KeySerializationEncryption', 'NoEncryption', 'ParameterFormat',
           'PrivateFormat', 'PublicFormat', 'load_der_private_key', 'load_der_public_key', 'load_pem_private_key',
           'load_pem_public_key', 'load_ssh_private_key', 'load_ssh_public_key']
