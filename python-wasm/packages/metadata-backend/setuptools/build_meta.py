"""Answers pip's question for a source archive's metadata from its PKG-INFO, so that its setup.py never runs.

`pip download` asks the build backend of every source archive for metadata, though it only wants the file, and the usual
backend runs setup.py: foreign code, written for Python 2, on the build machine. fetch.py puts this directory first on
PYTHONPATH, and pip finds this module under the name it looks for (the interface is PEP 517's). It cannot build
anything.
"""

import email
import os
import shutil
import sys


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    with open("PKG-INFO", encoding="utf-8", errors="replace") as source:
        fields = email.message_from_file(source)
    name = "{}-{}.dist-info".format(fields["Name"].replace("-", "_"), fields["Version"])
    os.mkdir(os.path.join(metadata_directory, name))
    shutil.copy("PKG-INFO", os.path.join(metadata_directory, name, "METADATA"))
    return name


# The backend of an archive that has no pyproject.toml is looked up as `setuptools.build_meta:__legacy__`.
__legacy__ = sys.modules[__name__]
