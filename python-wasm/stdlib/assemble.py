#!/usr/bin/env python3
"""Makes the read-only library that every guest sees: standard library, our shims and the packages, as one archive.

    assemble.py --lib LIB --tool PYTHON_SNAPSHOT --wasm PYTHON.WASM --shims DIR --packages CACHE_DIR
                --extensions DIR --additions DIR --work DIR --output DIR

LIB is the Lib directory of the patched CPython source. The interpreter itself compiles the modules: PYTHON.WASM, which
PYTHON_SNAPSHOT runs. CACHE_DIR is what packages/fetch.py filled. The folder of extensions has a folder for each package
whose C is linked into the interpreter; that of additions has files that come into packages' folders from elsewhere.
Writes lib.tar and manifest.json into the output directory, and all else below the work directory. The same inputs give
the same bytes.

Modules are there as .pyc only: Python then takes them without asking for a source file or comparing times, and the
guest has no use for source text it cannot change.
"""

import argparse
import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "packages"))
import lock
import unpack

GUEST_LIBRARY = "usr/lib/python2.7"
GUEST_PACKAGES = f"{GUEST_LIBRARY}/dist-packages"

# The day of the 2.7.18 release, which is inside every .pyc as well (codehook-packages/src/compile.py). Not 0: zip files
# made by scripts cannot hold a time before 1980.
TIMESTAMP = 1587340800

# Of the standard library, matched against the path below Lib. Tests; what needs a window system, Windows or pip; and
# the constants of other systems (plat-linux2 is Debian's platform, and what scripts import).
STDLIB_UNWANTED = ["test/*", "*/test/*", "*/tests/*", "idlelib/*", "lib-tk/*", "ensurepip/*", "msilib/*", "config/*"]
STDLIB_UNWANTED += ["plat-*", "site-packages/*", "distutils/command/wininst-*", "*.orig", "*.rej", "*.pyc", "*.pyo"]
STDLIB_UNWANTED += ["*/README*", "*/regen", "ctypes/macholib/fetch_macholib*", "distutils/command/command_template"]
STDLIB_WANTED = ["plat-linux2/*.py"]

# Files of packages that are no Python 2.7 and that nothing imports there. Any other file that does not compile is an
# error.
NOT_PYTHON_2 = []


# Packages of our own, in shims/, that take the place of one from the index. Name -> licence.
OWN_PACKAGES = {"cryptography": "Apache-2.0"}


class AssembleError(Exception):
    """An input is not as it must be; the message says what to do."""


def main():
    arguments = parse_arguments()
    started = time.monotonic()
    try:
        tree = fresh_tree(arguments.work)
        modules = {}
        packages = gather_packages(arguments.packages, arguments.work / "sources")
        shims = gather_shims(arguments.shims)
        replace_in_packages(packages, shims)
        packages.update(take_own_packages(shims))
        stdlib = gather_stdlib(arguments.lib)
        replace_in_stdlib(stdlib, shims)
        place(stdlib, GUEST_LIBRARY, tree, modules)
        for files in packages.values():
            place(files, GUEST_PACKAGES, tree, modules)
        place(files_below(arguments.additions), GUEST_PACKAGES, tree, modules)
        compile_modules(arguments, modules, tree)
        place_program(tree)
        archive = write_tar(files_below(tree), arguments.output / "lib.tar", [f"{GUEST_LIBRARY}/lib-dynload"])
        manifest = write_manifest(tree, packages, arguments.extensions, archive)
    except (AssembleError, lock.LockError) as error:
        print(f"assemble.py: {error}", file=sys.stderr)
        return 1
    report(manifest, archive, time.monotonic() - started)
    return 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("lib", "tool", "wasm", "shims", "packages", "extensions", "additions", "work", "output"):
        parser.add_argument(f"--{name}", required=True, type=lambda path: pathlib.Path(path).absolute())
    return parser.parse_args()


def fresh_tree(work):
    for name in ("tree", "sources"):
        shutil.rmtree(work / name, ignore_errors=True)
    tree = work / "tree"
    (tree / GUEST_PACKAGES).mkdir(parents=True)
    return tree


def gather_stdlib(lib):
    """Path below Lib -> source file."""
    if not (lib / "os.py").is_file():
        raise AssembleError(f"{lib} has no os.py. Next step: give --lib the Lib directory of the CPython source")
    files = files_below(lib)
    return {path: source for path, source in files.items() if stdlib_wanted(path)}


def stdlib_wanted(path):
    if any(fnmatch.fnmatchcase(path, pattern) for pattern in STDLIB_WANTED):
        return True
    return not any(fnmatch.fnmatchcase(path, pattern) for pattern in STDLIB_UNWANTED)


def files_below(root):
    paths = (pathlib.Path(directory, name) for directory, _, names in os.walk(root) for name in names)
    return {path.relative_to(root).as_posix(): path for path in sorted(paths)}


def gather_shims(shims):
    """Path below shims -> source file."""
    if not shims.is_dir():
        raise AssembleError(f"{shims} is no directory. Next step: give --shims python-wasm/shims")
    return {
        path: source
        for path, source in files_below(shims).items()
        if path.endswith(".py") and not fnmatch.fnmatchcase(f"/{path}", "*/test*")
    }


def replace_in_packages(packages, shims):
    """A shim for a part of a package takes the place of the one file, and the rest of the package stays as it is."""
    for files in packages.values():
        tops = {path.split("/")[0] for path in files if path.endswith(".py")}
        for path in [path for path in shims if path.split("/")[0] in tops]:
            files[path] = shims.pop(path)


def take_own_packages(shims):
    """Of the shims, those that stand for a package which is not there: they are listed among the packages."""
    own = {}
    for name, licence in OWN_PACKAGES.items():
        files = {path: shims.pop(path) for path in list(shims) if path.startswith(f"{name}/")}
        version = re.search(r"^__version__ = '(.+)'$", files[f"{name}/__init__.py"].read_text(encoding="utf-8"), re.MULTILINE)
        own[lock.Pin(name, version[1], None, licence, "ours")] = files
    return own


def replace_in_stdlib(stdlib, shims):
    """A shim takes the place of the module or package of its name, whole: no half of the old one stays importable."""
    for name in {path.split("/")[0] for path in shims}:
        module = name[: -len(".py")] if name.endswith(".py") else name
        for path in [path for path in stdlib if path == f"{module}.py" or path.startswith(f"{module}/")]:
            del stdlib[path]
    stdlib.update(shims)


def place(files, guest_directory, tree, modules):
    """Notes modules for compilation and copies everything else."""
    for path, source in files.items():
        target = tree / guest_directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".py"):
            modules[f"{guest_directory}/{path}"] = source
        else:
            shutil.copyfile(source, target)


def gather_packages(cache, sources):
    """Pin -> path below dist-packages -> file."""
    pins = lock.read_pins()
    unpack.require_use(pins)
    archives = lock.require_all(pins, cache)
    packages = {}
    owner = {}
    for pin in pins:
        files = {}
        for path, data in unpack.unpack(pin, archives[pin.name]).items():
            if path in owner:
                if is_namespace(path, data):
                    continue
                raise AssembleError(f"{pin.name} and {owner[path]} both bring {path}. Next step: leave one of them out")
            owner[path] = pin.name
            files[path] = sources / pin.name / path
            files[path].parent.mkdir(parents=True, exist_ok=True)
            files[path].write_bytes(data)
        packages[pin] = files
    return packages


def is_namespace(path, data):
    """Several packages may share a folder such as backports; each brings the same few lines that say so."""
    return path.endswith("/__init__.py") and b"extend_path(__path__, __name__)" in data and len(data) < 400


def compile_with(tool, wasm, jobs):
    """Writes the modules of (source, target, path in the guest), and returns a line for each that is no Python 2.7.

    The interpreter starts from the very sources, so the standard library must be among them.
    """
    command = [tool, "compile", "--wasm", wasm]
    lines = "".join(f"{source}\t{target}\t/{guest_path}\n" for source, target, guest_path in jobs)
    try:
        result = subprocess.run([str(word) for word in command], input=lines, stdout=subprocess.PIPE, text=True)
    except OSError as error:
        raise AssembleError(f"{tool}: {error.strerror}. Next step: make python, which builds it first") from None
    if result.returncode != 0:
        raise AssembleError(f"{tool} could not compile the modules (exit code {result.returncode}); see above")
    return result.stdout.splitlines()


def compile_modules(arguments, modules, tree):
    unexpected = []
    jobs = [(source, f"{tree / path}c", path) for path, source in sorted(modules.items())]
    for line in compile_with(arguments.tool, arguments.wasm, jobs):
        guest_path, _, reason = line.partition("\t")
        print(f"library: left out, no Python 2.7: {guest_path} ({reason})")
        if not any(fnmatch.fnmatchcase(guest_path, f"/{pattern}") for pattern in NOT_PYTHON_2):
            unexpected.append(guest_path)
    if unexpected:
        raise AssembleError(
            f"{len(unexpected)} modules do not compile. Next step: if no script can need them, add them to NOT_PYTHON_2 "
            f"in {pathlib.Path(__file__).name}; otherwise pin a version for Python 2.7"
        )


def place_program(tree):
    """What sys.executable names, for programs that look at it, such as platform.platform(). It cannot be started."""
    program = tree / "usr/bin/python2.7"
    program.parent.mkdir(parents=True)
    program.write_text("The interpreter is part of the engine that runs this.\n", encoding="utf-8")


def write_tar(files, target, folders=()):
    """Plain ustar, so that the engine's reader needs no extensions; a name too long for it is an error of tarfile's."""
    parents = {parent.as_posix() for path in files for parent in pathlib.PurePosixPath(path).parents}
    names = {*files, *parents, *folders} - {"."}
    partial = target.with_suffix(".partial")
    with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(names, key=lambda path: path.split("/")):
            info = tarfile.TarInfo(path)
            info.mtime = TIMESTAMP
            if path in files:
                info.size, info.mode = files[path].stat().st_size, 0o644
                with files[path].open("rb") as data:
                    archive.addfile(info, data)
            else:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(info)
    os.replace(partial, target)
    return target


def write_manifest(tree, packages, extensions, archive):
    entries = []
    linked = {path.name.lower() for path in extensions.iterdir() if path.is_dir()} if extensions.is_dir() else set()
    for pin, paths in packages.items():
        files = [tree / GUEST_PACKAGES / (f"{path}c" if path.endswith(".py") else path) for path in paths]
        present = [file for file in files if file.is_file()]
        kind = "own" if pin.sha256 is None else "linked" if pin.name.lower() in linked else "pure"
        entry = {"name": pin.name, "version": pin.version, "licence": pin.licence, "kind": kind}
        if pin.sha256:
            entry["sha256"] = pin.sha256
        entries.append({**entry, "files": len(present), "bytes": sum(file.stat().st_size for file in present)})
    everything = [path for path in (tree / GUEST_LIBRARY).rglob("*") if path.is_file()]
    library = {
        "files": len(everything) - sum(entry["files"] for entry in entries),
        "bytes": sum(path.stat().st_size for path in everything) - sum(entry["bytes"] for entry in entries),
    }
    manifest = {"runtime": "python2.7", "standard_library": library, "packages": entries}
    text = json.dumps(manifest, indent=2) + "\n"
    archive.with_name("manifest.json").write_text(text, encoding="utf-8")
    return manifest


def report(manifest, archive, seconds):
    packages = manifest["packages"]
    parts = {"standard library": manifest["standard_library"]}
    parts["packages"] = {key: sum(entry[key] for entry in packages) for key in ("files", "bytes")}
    for name, part in parts.items():
        print(f"library: {name}: {part['files']} files, {part['bytes'] / 1e6:.1f} MB")
    print(f"library: {archive}: {archive.stat().st_size / 1e6:.1f} MB in {seconds:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
