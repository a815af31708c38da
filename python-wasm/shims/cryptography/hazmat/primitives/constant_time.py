"""Comparison whose time does not tell where two byte strings differ."""
from __future__ import absolute_import

import hmac

from cryptography.utils import check_bytes


def bytes_eq(a, b):
    return hmac.compare_digest(check_bytes('a', a), check_bytes('b', b))
