"""Primitives, as `cryptography` names them."""
