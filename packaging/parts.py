#!/usr/bin/env python3
"""What a built program holds that others have made.

    parts.py sbom      a list of parts, CycloneDX 1.5 as JSON
    parts.py notices   the licences and notices that the parts come with

Rust crates are those that `cargo metadata` finds below the program; C sources those of python-wasm/build/sources.lock;
Python packages those of the runtime file's manifest. The same inputs give the same bytes; dates come from
SOURCE_DATE_EPOCH.
"""

import collections
import datetime
import hashlib
import io
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tarfile
import tomllib
import uuid
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Licences of what sources.lock brings, as docs/licences.md explains them. One that is missing here is an error.
SOURCES = {
    "python2.7": "PSF-2.0",
    "zlib": "Zlib",
    "bzip2": "bzip2-1.0.6",
    "freetype": "FTL",
    "libjpeg-turbo": "IJG AND BSD-3-Clause AND Zlib",
    "libxml2": "MIT",
    "libxslt": "MIT",
    "sqlite3": "blessing",
    "wasi-libc": "Apache-2.0 WITH LLVM-exception AND MIT AND BSD-2-Clause",
    "tex-gyre": "LPPL-1.3c",
}
# What lies inside others: name, version, licence, inside what.
INSIDE = [
    ("expat", "2.2.8", "MIT", "python2.7"),
    ("libart", "2.3.21", "LGPL-2.0-or-later", "reportlab"),
]
# Where Debian keeps the texts that many parts name and few bring.
COMMON = pathlib.Path("/usr/share/common-licenses")
COMMON_TEXTS = ["GPL-3", "LGPL-2", "LGPL-2.1", "LGPL-3", "MPL-2.0"]
NOTICE = re.compile(r"(licen[cs]e|copying|notice|copyright|unlicense)", re.IGNORECASE)


class Crates:
    """The program's crates: `linked` are in it, `building` helped to build it."""

    def __init__(self):
        target = f"{platform.machine()}-unknown-linux-gnu"
        command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
        metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
        self.packages = {package["id"]: package for package in metadata["packages"]}
        self.nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
        members = metadata["workspace_members"]
        (self.program,) = [own for own in members if self.packages[own]["name"] == "codehook"]
        # `cargo metadata` knows of crates that only tests' features bring; what is built is what `cargo tree` shows.
        linked, built = tree(target, "normal,no-proc-macro"), tree(target, "normal,build")
        self.linked = self.below({None}, lambda package: not is_macro(package) and key(package) in linked)
        self.building = self.below({None, "build"}, lambda package: key(package) in built) - self.linked
        lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
        self.hashes = {(p["name"], p["version"]): p.get("checksum") for p in lock["package"]}

    def below(self, kinds, wanted):
        found, ahead = {self.program}, [self.program]
        while ahead:
            for dependency in self.dependencies(ahead.pop(), kinds):
                package = self.packages[dependency]
                if dependency not in found and wanted(package):
                    found.add(dependency)
                    ahead.append(dependency)
        return found

    def dependencies(self, own, kinds=frozenset({None, "build"})):
        for dependency in self.nodes[own]["deps"]:
            if any(kind["kind"] in kinds for kind in dependency["dep_kinds"]):
                yield dependency["pkg"]


def tree(target, edges):
    """Names and versions in `cargo tree` of the whole workspace, which `make dist` builds as one."""
    command = ["cargo", "tree", "--locked", "--workspace", "--target", target, "--edges", edges, "--prefix", "none"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return set(re.findall(r"^(\S+) v(\S+)", lines, re.MULTILINE))


def key(package):
    return package["name"], package["version"]


def is_macro(package):
    return any("proc-macro" in target["kind"] for target in package["targets"])


def reference(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def licence(expression):
    """A field of CycloneDX. Cargo's old way to write `OR` was a slash."""
    return [{"expression": expression.replace("/", " OR ")}] if expression else []


def crate_component(crates, own):
    package = crates.packages[own]
    component = {
        "type": "library",
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
        "scope": "required" if own in crates.linked else "excluded",
        "licenses": licence(package["license"]),
        "purl": reference(package),
    }
    checksum = crates.hashes[package["name"], package["version"]]
    if checksum:
        component["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if own in crates.building:
        component["description"] = "part of the build, not of the program"
    return component


def locked_sources():
    """The lines of sources.lock: kind, suite, package=version, file, SHA-256."""
    for line in (ROOT / "python-wasm/build/sources.lock").read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.split()


def source_components():
    files = collections.defaultdict(list)
    for kind, suite, package, file, checksum in locked_sources():
        files[package, kind, suite].append((file, checksum))
    for (package, kind, suite), members in sorted(files.items()):
        name, version = package.split("=")
        # Colons and plus signs of versions are written by their codes in a purl.
        escaped = version.replace(":", "%3A").replace("+", "%2B")
        architecture = "source" if kind == "source" else "all"
        purl = f"pkg:deb/debian/{name}@{escaped}?arch={architecture}&distro={suite}"
        yield {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": version,
            "description": "inside the sandbox",
            "licenses": licence(SOURCES[name]),
            "purl": purl,
            "components": [
                {"type": "file", "name": file, "hashes": [{"alg": "SHA-256", "content": checksum}]}
                for file, checksum in members
            ],
        }
    for name, version, text, where in INSIDE:
        purl = f"pkg:generic/{name}@{version}"
        yield {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": version,
            "description": f"inside {where}, inside the sandbox",
            "licenses": licence(text),
            "purl": purl,
        }


def python_components():
    with zipfile.ZipFile(ROOT / "target/lib/codehook/python2.7.runtime") as runtime:
        manifest = json.loads(runtime.read("manifest.json"))
    for package in sorted(manifest["packages"], key=lambda package: package["name"].lower()):
        # PEP 503; what is after the plus sign is this project's own change of it.
        name = re.sub(r"[-_.]+", "-", package["name"]).lower()
        purl = f"pkg:pypi/{name}@{package['version'].replace('+', '%2B')}"
        component = {
            "type": "library",
            "bom-ref": purl,
            "name": package["name"],
            "version": package["version"],
            "description": "inside the sandbox",
            "licenses": licence(package["licence"]),
            "purl": purl,
        }
        if package.get("sha256"):
            component["hashes"] = [{"alg": "SHA-256", "content": package["sha256"]}]
        yield component


def sbom():
    crates = Crates()
    program = crates.packages[crates.program]
    known = crates.linked | crates.building
    others = sorted(known - {crates.program}, key=lambda own: reference(crates.packages[own]))
    inside = [*source_components(), *python_components()]
    components = [*(crate_component(crates, own) for own in others), *inside]
    dependencies = []
    for own in [crates.program, *others]:
        below = {reference(crates.packages[dep]) for dep in crates.dependencies(own) if dep in known}
        if own == crates.program:
            below |= {component["bom-ref"] for component in inside}
        dependencies.append({"ref": reference(crates.packages[own]), "dependsOn": sorted(below)})
    date = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.UTC)
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": date.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": reference(program),
                "name": "codehook",
                "version": program["version"],
                "licenses": licence(program["license"]),
                "purl": reference(program),
            },
        },
        "components": components,
        "dependencies": dependencies,
    }
    name = json.dumps(bom, sort_keys=True)
    bom["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, name)}"
    json.dump(bom, sys.stdout, indent=1)
    print()


def texts(directory):
    """The notices that lie in a directory itself."""
    for path in sorted(directory.iterdir()):
        if path.is_file() and NOTICE.search(path.name) and path.suffix not in {".rs", ".py", ".c", ".h", ".html"}:
            yield path.read_text(errors="replace").strip()


def source_files():
    """The archives of sources.lock where the build keeps them, with their packages."""
    for kind, _, package, file, checksum in locked_sources():
        if file.endswith(".diff.gz"):
            continue
        path = ROOT / "target/python-wasm/cache" / file
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != checksum:
            sys.exit(f"{path} is not the file of python-wasm/build/sources.lock: run `make python`")
        if kind == "binary":
            command = ["dpkg-deb", "--fsys-tarfile", path]
            content = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        yield package, io.BytesIO(content)


def archived_texts(archive):
    """The notices at most two folders deep, and those of Debian's packages."""
    with tarfile.open(fileobj=archive) as members:
        for member in members:
            path = pathlib.PurePosixPath(member.name.removeprefix("./"))
            deep = len(path.parts) > 3 and not path.match("usr/share/doc/*/copyright")
            if not deep and member.isfile() and (NOTICE.match(path.name) or path.name == "FTL.TXT"):
                yield members.extractfile(member).read().decode(errors="replace").strip()


def notices():
    crates = Crates()
    holders = collections.defaultdict(set)
    for own in crates.linked - {crates.program}:
        package = crates.packages[own]
        if package["source"]:
            for text in texts(pathlib.Path(package["manifest_path"]).parent):
                holders[text].add(f"{package['name']} {package['version']}")
    for package, file in source_files():
        for text in archived_texts(file):
            holders[text].add(f"{package} (inside the sandbox)")
    for name in COMMON_TEXTS:
        if (COMMON / name).is_file():
            text = (COMMON / name).read_text(errors="replace").strip()
            holders[text].add(f"the text of {name}, which docs/licences.md names")
    print("Notices of what codehook holds. docs/licences.md says what each part is; packages inside the sandbox bring")
    print("their own notices there, in /usr/lib/python2.7/dist-packages.")
    for text, names in sorted(holders.items(), key=lambda item: sorted(item[1])):
        print("\n" + "=" * 100)
        print("\n".join(sorted(names)))
        print("-" * 100 + "\n")
        print(text)


if __name__ == "__main__":
    actions = {"sbom": sbom, "notices": notices}
    if len(sys.argv) != 2 or sys.argv[1] not in actions:
        sys.exit(__doc__)
    actions[sys.argv[1]]()
