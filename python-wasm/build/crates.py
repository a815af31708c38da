#!/usr/bin/env python3
"""Keeps the compiled dependencies of the Rust programs in the build cache: not the workspace's own packages.

    crates.py restore             before cargo runs; adds what has not been compiled here yet
    crates.py keep --bin NAME...  afterwards, with the options that cargo was given

cargo decides by itself whether what it finds is fresh;
should a compiler, a flag or a version differ after all, it compiles anew.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import graph
import store

RELEASE = graph.WORKSPACE / "target" / "release"
# Where what is restored is unpacked, and the digest of what was restored or kept last.
WORK = RELEASE.parent / "restored-crates"
MARKER = RELEASE / ".dependencies"
PARTS = ("deps", "build", ".fingerprint")
# Says in which folder what is kept was compiled.
ORIGIN = "build/.origin"
# What of the environment cargo and build scripts act upon.
VARIABLES = ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC", "RUSTC_WRAPPER", "CC", "CFLAGS", "CXX", "CXXFLAGS", "AR")


def main(arguments):
    if arguments[:1] not in (["restore"], ["keep"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        kept = store.open_store()
        if kept is not None:
            if arguments[0] == "restore":
                restore(kept)
            else:
                keep(kept, arguments[1:])
    except (store.StoreError, graph.GraphError, subprocess.SubprocessError, OSError) as error:
        # cargo compiles what is not here.
        store.say(f"no compiled Rust dependencies: {error}")
    return 0


def restore(kept):
    digest = key()
    if MARKER.is_file() and MARKER.read_text(encoding="utf-8") == digest or not kept.has_tree(digest):
        return
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    if kept.take_tree(digest, WORK):
        relocate()
        merge()
        mark(digest)
        store.say("compiled Rust dependencies are taken from it")
    shutil.rmtree(WORK, ignore_errors=True)


def relocate():
    """Has the sources that build scripts wrote name this folder: some include files by their whole path. cargo itself
    sees to the rest."""
    origin = (WORK / ORIGIN).read_bytes() + b"/"
    for path in (WORK / "build").glob("*/out/**/*.rs"):
        content = path.read_bytes()
        if origin in content:
            times = path.stat()
            path.write_bytes(content.replace(origin, os.fsencode(RELEASE) + b"/"))
            # cargo compares them.
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def merge():
    """Adds what is not there. What cargo takes for finished has a fingerprint: these come last, and what has one
    stays as it is."""
    finished = {digest for path in (RELEASE / ".fingerprint").glob("*") for digest in digests_in(path.name)}
    for part in PARTS:
        (RELEASE / part).mkdir(parents=True, exist_ok=True)
        for path in sorted((WORK / part).glob("*")):
            target = RELEASE / part / path.name
            if digests_in(path.name) & finished:
                continue
            if target.is_dir():
                shutil.rmtree(target)
            os.replace(path, target)


def keep(kept, options):
    digest = key()
    if not kept.has_tree(digest):
        names = dependencies(options)
        (RELEASE / ORIGIN).write_bytes(os.fsencode(RELEASE))
        if not kept.keep_tree(digest, RELEASE, [ORIGIN, *names]):
            return
    mark(digest)


def mark(digest):
    """What is here need not be looked for again."""
    fresh = MARKER.with_name(f"{MARKER.name}.new")
    fresh.write_text(digest, encoding="utf-8")
    os.replace(fresh, MARKER)


def key():
    """The digest of all that shapes what is compiled."""
    manifests = sorted(graph.WORKSPACE.glob("**/Cargo.toml"))
    inputs = {
        "format": [graph.FORMAT, ORIGIN],
        "manifests": {
            os.path.relpath(path, graph.WORKSPACE): graph.digest_of_file(path)
            for path in [*manifests, graph.WORKSPACE / "Cargo.lock"]
            if "target" not in path.relative_to(graph.WORKSPACE).parts
        },
        "rustc": graph.version_of("rustc"),
        "cargo": graph.version_of("cargo"),
        "cc": graph.version_of("cc"),
        # Flags may stand in a file of any folder above, and in cargo's own.
        "configurations": {str(path): graph.digest_of_file(path) for path in configurations()},
        "environment": {name: os.environ.get(name) for name in VARIABLES},
        # Names of sources are written into what is compiled.
        "home": str(cargo_home()),
    }
    return graph.digest_of(inputs)


def cargo_home():
    return pathlib.Path(os.environ.get("CARGO_HOME") or pathlib.Path.home() / ".cargo")


def configurations():
    folders = [folder / ".cargo" for folder in (graph.WORKSPACE, *graph.WORKSPACE.parents)] + [cargo_home()]
    paths = (folder / name for folder in dict.fromkeys(folders) for name in ("config.toml", "config"))
    return [path for path in paths if path.is_file()]


def dependencies(options):
    """Paths below target/release of all that cargo made of packages from elsewhere for what these options select."""
    command = ["cargo", "build", "--release", "--locked", "--workspace", *options, "--message-format=json", "--quiet"]
    result = subprocess.run(command, cwd=graph.WORKSPACE, stdout=subprocess.PIPE, check=True)
    digests = set()
    for message in map(json.loads, result.stdout.splitlines()):
        if not message.get("package_id", "path+").startswith("path+"):
            paths = message.get("filenames") or [message.get("out_dir", "")]
            digests |= {digest for path in paths for digest in digests_in(path)}
    # PACKAGE-DIGEST is a folder of the first two parts; in deps, files are NAME-DIGEST.d, libNAME-DIGEST.rlib and their
    # like.
    paths = (path for part in PARTS for path in sorted((RELEASE / part).iterdir()))
    return [str(path.relative_to(RELEASE)) for path in paths if digests_in(path.name) & digests]


def digests_in(path):
    return set(re.findall(r"-([0-9a-f]{16})(?=[/.]|$)", path))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
