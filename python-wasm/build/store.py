"""The build cache: a folder of the user's own that keeps what steps made and what was downloaded, by digest.

    store.py take SHA256 FILE     copies a kept download to FILE; status 1 when there is none
    store.py keep FILE            keeps a download under its SHA-256

CODEHOOK_BUILD_CACHE       the folder; empty turns the cache off (${XDG_CACHE_HOME:-~/.cache}/codehook/build)
CODEHOOK_BUILD_CACHE_SIZE  how large it may grow, such as 4GiB; what was used least recently goes first

An entry is one file: a line that says what it is and which SHA-256 its content has, then the content. It is checked as
a whole before anything is read from it. Entries appear by a rename and disappear by an unlink, so builds need no lock
between them.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import stat
import subprocess
import sys
import tempfile
import time

DEFAULT_SIZE = "4GiB"
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
HEADER_BYTES = 256
CHUNK = 1 << 20


class StoreError(Exception):
    """The cache cannot be used as it was asked for; the message says what to do."""


class Damaged(Exception):
    """An entry is not what its name says."""


def say(text):
    print(f"build cache: {text}", file=sys.stderr, flush=True)


def open_store(environment=os.environ):
    """The store that the environment names, or None when it is off or must not be used."""
    limit = parse_size(environment.get("CODEHOOK_BUILD_CACHE_SIZE") or DEFAULT_SIZE)
    named = environment.get("CODEHOOK_BUILD_CACHE")
    if named == "":
        return None
    try:
        root = pathlib.Path(named).absolute() if named else default_root(environment)
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_private(root)
    except (StoreError, OSError, RuntimeError) as error:
        say(f"not used: {error}. Next step: name a folder of your own in CODEHOOK_BUILD_CACHE, or set it to nothing")
        return None
    return Store(root, limit)


def default_root(environment):
    base = environment.get("XDG_CACHE_HOME") or ""
    # The XDG specification: a relative path is as good as none.
    cache = pathlib.Path(base) if os.path.isabs(base) else pathlib.Path.home() / ".cache"
    return cache / "codehook" / "build"


def parse_size(text):
    match = re.fullmatch(r"([0-9]{1,15})\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if not match:
        raise StoreError(f"CODEHOOK_BUILD_CACHE_SIZE={text} is no size. Next step: write it as 4GiB, or in bytes")
    return int(match[1]) * UNITS[match[2].upper()]


def require_private(root):
    """Whoever can write here decides what the build is made of."""
    status = root.stat()
    if status.st_uid != os.geteuid():
        raise StoreError(f"{root} belongs to the user {status.st_uid}, and this is {os.geteuid()}")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise StoreError(f"{root} is open to others (mode {stat.S_IMODE(status.st_mode):04o}); it must be 0700")


class Store:
    """Entries by kind (`tree`: a compressed archive, `file`: one download) and digest."""

    def __init__(self, root, limit):
        self.root = root
        self.limit = limit

    def keep_tree(self, key, base, names):
        """Keeps files and folders below base. Returns whether it could."""
        return self._keep("tree", key, lambda: packed(base, names))

    def take_tree(self, key, target):
        """Unpacks a kept tree into the folder target. Returns whether there was one."""
        with self._opened("tree", key) as content:
            if content is None:
                return False
            unpack(content, target)
            return True

    def has_tree(self, key):
        """Whether there seems to be one, for leaving out the work of making it."""
        return (self.root / f"tree-{key}").is_file()

    def keep_file(self, path):
        """Keeps one file under its own SHA-256."""
        with open(path, "rb") as source:
            key = hashlib.file_digest(source, "sha256").hexdigest()
        return self._keep("file", key, lambda: chunks_of(open(path, "rb")))

    def take_file(self, key, target):
        """Copies the file with this SHA-256 to target, by a rename. Returns whether there was one."""
        with self._opened("file", key) as content:
            if content is None:
                return False
            target = pathlib.Path(target)
            with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".take-", delete=False) as copy:
                try:
                    for chunk in chunks_of(content):
                        copy.write(chunk)
                    os.replace(copy.name, target)
                except BaseException:
                    os.unlink(copy.name)
                    raise
            return True

    @contextlib.contextmanager
    def _opened(self, kind, key):
        """The entry's content, checked, or None."""
        path = self.root / f"{kind}-{key}"
        try:
            content = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            self._remove(path, error.strerror)
            yield None
            return
        with content:
            try:
                check(content, kind, key)
            except (Damaged, OSError) as error:
                self._remove(path, error)
                yield None
                return
            with contextlib.suppress(OSError):
                used_now(content)
            yield content

    def _remove(self, path, reason):
        say(f"removed {path.name[:21]}: {reason}")
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            say(f"{path}: {error.strerror}. Next step: remove it")

    def _keep(self, kind, key, chunks):
        try:
            return self._write(kind, key, chunks)
        except (OSError, subprocess.SubprocessError) as error:
            # Most often a full disk. What was made is there all the same.
            say(f"not kept: {error}")
            return False

    def _write(self, kind, key, chunks):
        with self._locked(fcntl.LOCK_SH):
            entry = tempfile.NamedTemporaryFile(dir=self.root, prefix="new-", delete=False)
            # Held while this process lives, so that prune() can tell a file being written from a dead one.
            fcntl.flock(entry, fcntl.LOCK_EX)
        with entry:
            try:
                if not write_entry(entry, kind, key, chunks(), self.limit):
                    say(f"not kept: larger than the whole cache may be ({self.limit} bytes)")
                    os.unlink(entry.name)
                    return False
                os.rename(entry.name, self.root / f"{kind}-{key}")
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(entry.name)
                raise
        self.prune()
        return True

    def prune(self):
        """Removes what a killed build left behind, then the entries used least recently, down to the limit."""
        with self._locked(fcntl.LOCK_EX):
            self._prune()

    @contextlib.contextmanager
    def _locked(self, how):
        """Nobody prunes while a file is there that its writer has not locked yet."""
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, how)
            yield
        finally:
            os.close(folder)

    def _prune(self):
        entries = []
        for path in self.root.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.name.startswith("new-"):
                    remove_if_dead(path)
                elif re.match("(tree|file)-", path.name):
                    status = path.lstat()
                    entries.append((status.st_mtime_ns, path, status.st_size))
        excess = sum(size for _, _, size in entries) - self.limit
        for _, path, size in sorted(entries):
            if excess <= 0:
                break
            path.unlink(missing_ok=True)
            excess -= size


def used_now(entry):
    """The kernel's own idea of now is too coarse to tell which of two was used last."""
    now = time.time_ns()
    os.utime(entry.fileno(), ns=(now, now))


def remove_if_dead(path):
    with path.open("rb") as entry:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(entry, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)


def header(kind, key, digest, size):
    return f"codehook build 1 {kind} {key} {digest} {size}".ljust(HEADER_BYTES - 1).encode() + b"\n"


def write_entry(entry, kind, key, chunks, limit):
    entry.write(b" " * HEADER_BYTES)
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        if HEADER_BYTES + size > limit:
            return False
        entry.write(chunk)
    entry.seek(0)
    entry.write(header(kind, key, digest.hexdigest(), size))
    entry.flush()
    used_now(entry)
    os.fsync(entry.fileno())
    return True


def check(content, kind, key):
    """Leaves the file at the start of the content."""
    status = os.fstat(content.fileno())
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise Damaged("not a file that only this user can write")
    words = content.read(HEADER_BYTES).decode("ascii", "replace").split()
    if len(words) != 7 or words[:5] != ["codehook", "build", "1", kind, key]:
        raise Damaged("its first line is not that of this entry")
    if words[6] != str(status.st_size - HEADER_BYTES):
        raise Damaged("it is not as long as it was")
    if hashlib.file_digest(content, "sha256").hexdigest() != words[5]:
        raise Damaged("its SHA-256 is not what it was")
    if kind == "file" and words[5] != key:
        raise Damaged("it holds another file")
    content.seek(HEADER_BYTES)


def chunks_of(stream):
    while chunk := stream.read(CHUNK):
        yield chunk


def packed(base, names):
    """The bytes of a compressed archive. Times of files stay, for cargo compares them."""
    arguments = ["tar", "-C", str(base), "--sort=name", "--owner=0", "--group=0", "--null", "-T", "-", "-cf", "-"]
    # One after the other in a shell of their own, so that a failure of either is seen.
    shell = ["bash", "-o", "pipefail", "-c", '"$@" | zstd -q -3 -T0', "bash", *arguments]
    with tempfile.TemporaryFile() as listed:
        listed.write(b"".join(os.fsencode(name) + b"\0" for name in names))
        listed.seek(0)
        with subprocess.Popen(shell, stdin=listed, stdout=subprocess.PIPE) as process:
            yield from chunks_of(process.stdout)
    if process.returncode != 0:
        raise subprocess.SubprocessError(f"tar or zstd failed (status {process.returncode})")


def unpack(content, target):
    # The unbuffered position is what a child process goes on from.
    os.lseek(content.fileno(), HEADER_BYTES, os.SEEK_SET)
    shell = 'zstd -q -d | tar -C "$1" --no-same-owner -xf -'
    subprocess.run(["bash", "-o", "pipefail", "-c", shell, "bash", str(target)], stdin=content, check=True)


def main(arguments):
    try:
        store = open_store()
    except StoreError as error:
        print(f"store.py: {error}", file=sys.stderr)
        return 2
    if len(arguments) == 3 and arguments[0] == "take":
        return 0 if store and store.take_file(arguments[1], arguments[2]) else 1
    if len(arguments) == 2 and arguments[0] == "keep":
        if store:
            store.keep_file(arguments[1])
        return 0
    print(__doc__.strip(), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
