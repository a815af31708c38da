#!/usr/bin/env python3
"""Downloads every file that requirements.lock pins into a directory, through pip and the index that pip is set up for.

    fetch.py CACHE_DIR

A file that is there already, under whatever name, or in the build cache, is not asked for again. Needs python3 with
pip, nothing else; runs none of the packages' code.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import lock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "build"))
import store

METADATA_BACKEND = pathlib.Path(__file__).resolve().parent / "metadata-backend"


def main(arguments):
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    cache = pathlib.Path(arguments[0])
    try:
        pins = lock.read_pins()
        cache.mkdir(parents=True, exist_ok=True)
        kept = store.open_store()
        missing = take_kept(kept, missing_of(pins, cache), cache)
        if missing:
            require_pip()
            print(f"packages: {len(missing)} to download", flush=True)
            download_all(missing, cache)
        if kept is not None:
            present = lock.files_by_hash(cache)
            for pin in missing:
                kept.keep_file(present[pin.sha256])
    except (lock.LockError, store.StoreError) as error:
        print(f"fetch.py: {error}", file=sys.stderr)
        return 1
    print(f"packages: all {len(pins)} pinned files are in {cache}")
    return 0


def require_pip():
    probe = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True)
    if probe.returncode != 0:
        raise lock.LockError(f"{sys.executable} has no pip. Next step: apt-get install python3-pip")


def missing_of(pins, cache):
    present = lock.files_by_hash(cache)
    return [pin for pin in pins if pin.sha256 not in present]


def take_kept(kept, missing, cache):
    """What the build cache has not either."""
    if kept is None:
        return missing
    return [pin for pin in missing if not kept.take_file(pin.sha256, cache / f"{pin.name}-{pin.version}.kept")]


def download_all(missing, cache):
    """In one call, for it is pip's start that costs. Where that fails, one by one, which names the culprit."""
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=cache) as work:
        requirement, target = pathlib.Path(work, "requirement.txt"), pathlib.Path(work, "files")
        requirement.write_text("".join(map(requirement_of, missing)), encoding="utf-8")
        command, nowhere = pip_command(requirement, target), subprocess.DEVNULL
        subprocess.run(command, env=pip_environment(), stdout=nowhere, stderr=nowhere)
        wanted = {pin.sha256 for pin in missing}
        for digest, path in lock.files_by_hash(target).items():
            if digest in wanted:
                os.replace(path, cache / path.name)
    missing = missing_of(missing, cache)
    for number, pin in enumerate(missing, 1):
        print(f"packages: {number}/{len(missing)} {pin.name} {pin.version}", flush=True)
        download(pin, cache)


def requirement_of(pin):
    return f"{pin.name}=={pin.version} --hash=sha256:{pin.sha256}\n"


def download(pin, cache):
    """One file, into the cache by a rename, so that a broken-off download leaves nothing that looks whole."""
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=cache) as work:
        requirement = pathlib.Path(work, "requirement.txt")
        requirement.write_text(requirement_of(pin), encoding="utf-8")
        target = pathlib.Path(work, "files")
        result = subprocess.run(
            pip_command(requirement, target),
            env=pip_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        found = lock.files_by_hash(target).get(pin.sha256)
        if result.returncode != 0 or found is None:
            raise lock.LockError(explain(pin, cache, result.stdout))
        os.replace(found, cache / found.name)


def pip_command(requirement, target):
    """The hash alone decides whether pip takes the wheel or the source archive, and pip checks it before it unpacks."""
    return [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"),
        *("--no-deps", "--require-hashes", "--requirement", str(requirement), "--dest", str(target)),
        *("--python-version", "2.7.18", "--implementation", "py", "--abi", "none", "--platform", "any"),
        *("--use-pep517", "--no-build-isolation"),
    ]


def pip_environment():
    search = [str(METADATA_BACKEND), os.environ.get("PYTHONPATH", "")]
    # A machine may insist on virtual environments for installing; nothing is installed here.
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, search)), "PIP_REQUIRE_VIRTUALENV": "0"}


def explain(pin, cache, output):
    if "DO NOT MATCH THE HASHES" in output:
        reason = "the index now has another file under this version: do not trust it before you know why"
    elif "No matching distribution" in output:
        reason = "the index that pip uses has no such file any more, or not for Python 2.7"
    else:
        reason = "pip failed"
    said = "\n".join(f"    {line[:300]}" for line in output.strip().splitlines()[-6:])
    return (
        f"{pin.name} {pin.version}: {reason}.\n  pip said:\n{said}\n"
        f"  Next step: check the network and `{sys.executable} -m pip config list`, then run this again;\n"
        f"  or put a copy of the file with SHA-256 {pin.sha256} into {cache} by hand (any name);\n"
        f"  or pin another file in {lock.LOCK_FILE}."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
