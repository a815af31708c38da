#!/usr/bin/env python3
"""Unpacks the whole source archive of one package, for compiling what it has in C.

    source.py CACHE_DIR NAME TARGET_DIR

TARGET_DIR must not exist; it receives what is below the archive's own top folder.
"""

import pathlib
import sys
import tarfile
import tempfile
import zipfile

import lock


def main(arguments):
    if len(arguments) != 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    cache, name, target = arguments
    try:
        pin = next((pin for pin in lock.read_pins() if pin.name.lower() == name.lower()), None)
        if pin is None:
            raise lock.LockError(f"{name} is not in {lock.LOCK_FILE}. Next step: pin its source archive there")
        unpack_whole(lock.require_all([pin], cache)[pin.name], pathlib.Path(target))
    except lock.LockError as error:
        print(f"source.py: {error}", file=sys.stderr)
        return 1
    return 0


def unpack_whole(archive, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".source-", dir=target.parent) as work:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                opened.extractall(work)
        else:
            with tarfile.open(archive) as opened:
                opened.extractall(work, filter="data") if hasattr(tarfile, "data_filter") else opened.extractall(work)
        tops = list(pathlib.Path(work).iterdir())
        if len(tops) != 1 or not tops[0].is_dir():
            raise lock.LockError(f"{archive} does not hold one top folder: it is no source archive. Next step: pin the sdist")
        tops[0].rename(target)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
