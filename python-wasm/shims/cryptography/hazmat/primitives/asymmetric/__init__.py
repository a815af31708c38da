"""Asymmetric keys: see `rsa`, `ec`, `ed25519`, and `serialization` for reading and writing them."""
