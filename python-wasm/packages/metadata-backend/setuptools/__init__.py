"""Not setuptools: see build_meta.py."""
