"""Takes the importable part out of a wheel or a source archive, without running anything that is in it."""

import fnmatch
import json
import pathlib
import re
import subprocess
import tarfile
import tempfile
import zipfile

import lock

# Where a source archive keeps its Python 2 modules, if not at its top.
SOURCE_ROOTS = {"reportlab": "src", "httplib2": "python2", "feedparser": "feedparser", "MarkupSafe": "src", "PyYAML": "lib"}
SOURCE_ROOTS |= {"Pillow": "src", "lxml": "src", "pycryptodome": "lib"}

# What no script imports or opens: tests, type stubs, sources and results of C compilers, notes for packagers.
NEVER = ["*/test/*", "*/tests/*", "*.c", "*.h", "*.pyx", "*.pxd", "*.pxi", "*.pyi", "*/py.typed", "*.so", "*.pyd", "*.dll", "*.exe"]
NEVER += ["*.pyc", "*.pyo", "*/MANIFEST.in", "*/TODO", "*/README", "*-nspkg.pth"]

# Per package, with the reason.
UNWANTED = {
    # The Type 1 copies of the standard fonts serve only drawing to bitmaps, which is C, and their notices say "all
    # rights reserved"; a PDF names these fonts without embedding them. The rest are fonts of reportlab's own tests, one
    # under the GPL. The Vera fonts, which scripts do embed, stay.
    "reportlab": ["reportlab/fonts/*.pfb", "reportlab/fonts/DarkGarden*", "reportlab/fonts/*.afm", "reportlab/fonts/00readme.txt"],
    # Examples are read by the makers of documentation only.
    "botocore": ["botocore/data/*/examples-1.json"],
    "boto3": ["boto3/examples/*"],
    # Installing is not for hooks; packages import pkg_resources.
    "setuptools": ["setuptools/*", "easy_install.py"],
    # Self-tests, 6 MB of vectors; a module for Python 3; and arithmetic by the GMP library, which is not there: without
    # this module the package takes its own C at once.
    "pycryptodome": ["Crypto/SelfTest/*", "Crypto/Protocol/HPKE.py", "Crypto/Math/_IntegerGMP.py"],
    # For Python 3: what only asyncio's users import, and a copy of sgmllib that Python 2.7 has itself.
    "google-auth": ["google/*_async.py", "google/auth/transport/_aiohttp_requests.py"],
    "Jinja2": ["jinja2/async*.py"],
    "feedparser": ["feedparser/sgmllib3.py", "sgmllib3.py"],
}

# Patches for packages, NAME.patch each: only where a package could not be imported or used otherwise.
PATCHES = pathlib.Path(__file__).resolve().parent / "patches"

# What a wheel leaves to the installer for a namespace that several packages share, such as google.
NAMESPACE = b"__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"

# Of a package's metadata: what importlib-like code reads, and the licence texts that must travel with the files.
METADATA = re.compile(r"METADATA|PKG-INFO|top_level\.txt|entry_points\.txt|(?i:licen[cs]e|copying|notice)[^/]*")


def unpack(pin, archive):
    """Path as seen from dist-packages -> bytes."""
    everything = read_archive(archive)
    if any(path.endswith(".dist-info/WHEEL") for path in everything):
        files = from_wheel(everything)
    else:
        files = from_source_archive(everything, pin, archive)
    unwanted = NEVER + UNWANTED.get(pin.name, [])
    kept = {path: data for path, data in files.items() if not any(fnmatch.fnmatchcase(path, p) for p in unwanted)}
    if not any(path.endswith(".py") for path in kept):
        raise lock.LockError(f"{archive}: no Python modules found. Next step: give {pin.name} a line in SOURCE_ROOTS")
    apply_patch(pin, kept)
    return {path: smaller(path, data) for path, data in kept.items()}


def read_archive(archive):
    """Path in the archive -> bytes, of every file."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            return {checked(info.filename, archive): opened.read(info) for info in opened.infolist() if not info.is_dir()}
    with tarfile.open(archive) as opened:
        members = [member for member in opened.getmembers() if member.isfile()]
        return {checked(member.name, archive): opened.extractfile(member).read() for member in members}


def from_wheel(everything):
    files = {}
    for name, data in everything.items():
        path = pathlib.PurePosixPath(name)
        top = path.parts[0]
        if top.endswith(".data"):
            # The installer's other targets: scripts and headers are of no use here, modules go where all modules are.
            if path.parts[1] not in ("purelib", "platlib"):
                continue
            path = pathlib.PurePosixPath(*path.parts[2:])
        elif top.endswith(".dist-info") and not METADATA.fullmatch(path.name):
            if path.name == "namespace_packages.txt":
                add_namespaces(data.decode("utf-8").split(), everything, files)
            continue
        files[str(path)] = data
    return files


def add_namespaces(names, everything, files):
    for name in names:
        path = f"{name.replace('.', '/')}/__init__.py"
        if path not in everything:
            files[path] = NAMESPACE


def from_source_archive(everything, pin, archive):
    # Below the folder that every source archive begins with.
    everything = {path.split("/", 1)[1]: data for path, data in everything.items() if "/" in path}
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


def checked(name, archive):
    path = pathlib.PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise lock.LockError(f"{archive}: refuses to unpack {path}. Next step: do not use this file")
    return str(path)


def require_use(pins):
    """A patch for a package that is not pinned any more would only look as if it did something."""
    names = {pin.name for pin in pins}
    unused = sorted(patch.name for patch in PATCHES.glob("*.patch") if patch.stem not in names)
    if unused:
        raise lock.LockError(f"patches for packages that are not in {lock.LOCK_FILE.name}: {', '.join(unused)}. Next step: delete them")


def apply_patch(pin, files):
    """Changes the files that patches/NAME.patch names; it must fit exactly."""
    patch = PATCHES / f"{pin.name}.patch"
    if not patch.is_file():
        return
    touched = re.findall(r"^\+\+\+ b/(\S+)", patch.read_text(encoding="utf-8"), re.MULTILINE)
    absent = [path for path in touched if path not in files]
    if absent or not touched:
        raise lock.LockError(f"{patch.name} changes {absent or 'nothing'}, which {pin.name} {pin.version} does not bring")
    with tempfile.TemporaryDirectory(prefix="patch-") as work:
        for path in touched:
            target = pathlib.Path(work, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(files[path])
        command = ["patch", "-p1", "--batch", "--forward", "--fuzz=0", "--no-backup-if-mismatch", "--input", str(patch)]
        result = subprocess.run(command, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode != 0:
            raise lock.LockError(f"{patch.name} does not fit {pin.name} {pin.version}: {result.stdout.strip()}")
        for path in touched:
            files[path] = pathlib.Path(work, path).read_bytes()


def smaller(path, data):
    """JSON without the spaces, and AWS's service models without the texts that only help() shows: they are 70 % of
    them."""
    if not path.endswith(".json"):
        return data
    value = json.loads(data.decode("utf-8"))
    if fnmatch.fnmatchcase(path, "botocore/data/*/service-2.json"):
        value = without_documentation(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def without_documentation(value):
    """A member of a shape may be called documentation; then it is an object. The texts are strings."""
    if isinstance(value, list):
        return [without_documentation(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_documentation(item)
        for key, item in value.items()
        if not (key == "documentation" and isinstance(item, str))
    }
