"""Takes the importable part out of a wheel or a source archive, without running anything that is in it."""

import fnmatch
import pathlib
import re
import tarfile
import zipfile

import lock

# Where a source archive keeps its Python 2 modules, if not at its top.
SOURCE_ROOTS = {"reportlab": "src", "httplib2": "python2", "pycryptodome": "lib"}

# What no script imports or opens: tests, type stubs, sources and results of C compilers, notes for packagers.
NEVER = ["*/test/*", "*/tests/*", "*.c", "*.h", "*.pyx", "*.pxd", "*.pyi", "*/py.typed", "*.so", "*.pyd", "*.dll", "*.exe"]
NEVER += ["*.pyc", "*.pyo", "*/MANIFEST.in", "*/TODO", "*/README"]

# Per package, with the reason.
UNWANTED = {
    # The Type 1 copies of the standard fonts serve only drawing to bitmaps, which is C, and their notices say "all rights
    # reserved"; a PDF names these fonts without embedding them. The rest are fonts of reportlab's own tests, one under
    # the GPL. The Vera fonts, which scripts do embed, stay.
    "reportlab": ["reportlab/fonts/*.pfb", "reportlab/fonts/DarkGarden*", "reportlab/fonts/*.afm", "reportlab/fonts/00readme.txt"],
    # Self-tests with 6 MB of vectors; a module for Python 3; and arithmetic by the GMP library, which there is none of: without
    # the module, its place is taken at once by the package's own C.
    "pycryptodome": ["Crypto/SelfTest/*", "Crypto/Protocol/HPKE.py", "Crypto/Math/_IntegerGMP.py"],
}

# Of a package's metadata: what importlib-like code reads, and the licence texts that must travel with the files.
METADATA = re.compile(r"METADATA|PKG-INFO|top_level\.txt|entry_points\.txt|(?i:licen[cs]e|copying|notice)[^/]*")


def unpack(pin, archive):
    """Path as seen from dist-packages -> bytes."""
    if zipfile.is_zipfile(archive):
        files = from_wheel(archive)
    else:
        files = from_source_archive(pin, archive)
    unwanted = NEVER + UNWANTED.get(pin.name, [])
    kept = {path: data for path, data in files.items() if not any(fnmatch.fnmatchcase(path, p) for p in unwanted)}
    if not any(path.endswith(".py") for path in kept):
        raise lock.LockError(f"{archive}: no Python modules found. Next step: give {pin.name} a line in SOURCE_ROOTS")
    return kept


def from_wheel(archive):
    files = {}
    with zipfile.ZipFile(archive) as wheel:
        for info in wheel.infolist():
            path = pathlib.PurePosixPath(info.filename)
            top = path.parts[0]
            if info.is_dir():
                continue
            if top.endswith(".data"):
                # The installer's other targets: scripts and headers are of no use here, modules go where all modules are.
                if path.parts[1] not in ("purelib", "platlib"):
                    continue
                path = pathlib.PurePosixPath(*path.parts[2:])
            elif top.endswith(".dist-info") and not METADATA.fullmatch(path.name):
                continue
            files[checked(path, archive)] = wheel.read(info)
    return files


def from_source_archive(pin, archive):
    with tarfile.open(archive) as source:
        everything = {}
        for member in source.getmembers():
            path = pathlib.PurePosixPath(member.name)
            if member.isfile() and len(path.parts) > 1:
                everything[checked(path.relative_to(path.parts[0]), archive)] = source.extractfile(member).read()
    root = SOURCE_ROOTS.get(pin.name)
    prefix = f"{root}/" if root else ""
    names = top_level_names(everything, pin, archive)
    files = {}
    for path, data in everything.items():
        if not path.startswith(prefix):
            continue
        inside = path[len(prefix) :]
        if inside.split("/")[0] in names or inside in {f"{name}.py" for name in names}:
            files[inside] = data
    for path, data in everything.items():
        if "/" not in path and METADATA.fullmatch(path):
            files[f"{pin.name}-{pin.version}.egg-info/{path}"] = data
    return files


def top_level_names(everything, pin, archive):
    """What the archive would install, as its own record says."""
    records = [data for path, data in sorted(everything.items()) if path.endswith(".egg-info/top_level.txt")]
    if not records:
        raise lock.LockError(f"{archive}: no top_level.txt. Next step: pin a wheel of {pin.name} {pin.version} instead")
    return set(records[0].decode("utf-8").split())


def checked(path, archive):
    if path.is_absolute() or ".." in path.parts:
        raise lock.LockError(f"{archive}: refuses to unpack {path}. Next step: do not use this file")
    return str(path)
