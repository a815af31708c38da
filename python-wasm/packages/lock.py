"""Reads requirements.lock and finds its files in a directory by their hashes."""

import collections
import hashlib
import pathlib
import re

LOCK_FILE = pathlib.Path(__file__).resolve().parent / "requirements.lock"

Pin = collections.namedtuple("Pin", "name version sha256 licence why")

COMMENT = re.compile(r"# (?P<licence>[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*): (?P<why>.+)")
ENTRY = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+) --hash=sha256:(?P<sha256>[0-9a-f]{64})")


class LockError(Exception):
    """The lock file or the cache is not as it must be; the message says what to do."""


def read_pins(lock_file=LOCK_FILE):
    """Every entry, in the file's order. One hash an entry: two files of one version would make two different
    libraries."""
    pins = []
    comment = None
    for number, line in enumerate(lock_file.read_text(encoding="utf-8").splitlines(), 1):
        entry = ENTRY.fullmatch(line)
        if entry and comment:
            pins.append(Pin(licence=comment["licence"], why=comment["why"], **entry.groupdict()))
        elif line and not line.startswith("#"):
            raise LockError(
                f"{lock_file.name}:{number}: expected `name==version --hash=sha256:...` "
                f"right under a comment `# LICENCE: why`, found: {line}"
            )
        comment = COMMENT.fullmatch(line)
    return pins


def files_by_hash(cache):
    """SHA-256 -> path of every file directly in the cache. Names do not count, so a file put there by hand serves
    too."""
    cache = pathlib.Path(cache)
    if not cache.is_dir():
        return {}
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in sorted(cache.iterdir()) if path.is_file()}


def require_all(pins, cache):
    """Path of each pin's file, by name."""
    present = files_by_hash(cache)
    missing = [f"{pin.name} {pin.version}" for pin in pins if pin.sha256 not in present]
    if missing:
        raise LockError(f"not in {cache}: {', '.join(missing)}. Next step: run python-wasm/packages/fetch.py {cache}")
    return {pin.name: present[pin.sha256] for pin in pins}
