"""Compares a list of parts with other witnesses: judge_parts.py schema|program|tree|runtime|sources BOM [PROGRAM]"""

import json
import pathlib
import platform
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def schema(bom_path, _):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(pathlib.Path(bom_path).read_text())
    return [str(error)] if error else []


def crates(bom, scope):
    return {
        f"{component['name']}-{component['version']}"
        for component in bom["components"]
        if component["purl"].startswith("pkg:cargo/") and component["scope"] in scope
    }


def program(bom_path, path):
    """Panics name the files they come from, so a program names many of its crates."""
    content = pathlib.Path(path).read_bytes()
    named = {name.decode() for name in re.findall(rb"registry/src/[^/]+/([A-Za-z0-9_.+-]+)/", content)}
    if len(named) < 50:
        return [f"only {len(named)} crates are named in {path}: this check sees nothing"]
    return sorted(named - crates(json.loads(pathlib.Path(bom_path).read_text()), {"required"}))


def tree(bom_path, _):
    target = f"{platform.machine()}-unknown-linux-gnu"
    options = ["--target", target, "--edges", "normal,no-proc-macro", "--prefix", "none"]

    def below(*packages):
        command = ["cargo", "tree", "--locked", *packages, *options]
        lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
        return {f"{name}-{version}" for name, version in re.findall(r"^(\S+) v(\S+)", lines, re.MULTILINE)}

    # `make dist` builds the whole workspace, whose features may bring crates that the program alone would do without.
    own, known = below("--package", "codehook") - {package_name()}, below("--workspace")
    listed = crates(json.loads(pathlib.Path(bom_path).read_text()), {"required"})
    return [f"{name} is not in the list" for name in sorted(own - listed)] + [
        f"{name} is in no tree" for name in sorted(listed - known)
    ]


def package_name():
    version = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    return f"codehook-{version}"


def runtime(bom_path, path):
    report = subprocess.run([path, "runtime", "--json"], check=True, stdout=subprocess.PIPE).stdout
    held = {(p["name"], p["version"], p["licence"]) for p in json.loads(report)["packages"]}
    bom = json.loads(pathlib.Path(bom_path).read_text())
    listed = {
        (component["name"], component["version"], component["licenses"][0]["expression"])
        for component in bom["components"]
        if component["purl"].startswith("pkg:pypi/")
    }
    return [str(package) for package in sorted(held ^ listed)]


def sources(bom_path, _):
    text = pathlib.Path(bom_path).read_text()
    lines = (ROOT / "python-wasm/build/sources.lock").read_text().splitlines()
    hashes = [line.split()[-1] for line in lines if line and not line.startswith("#")]
    return [checksum for checksum in hashes if checksum not in text]


if __name__ == "__main__":
    judges = {"schema": schema, "program": program, "tree": tree, "runtime": runtime, "sources": sources}
    faults = judges[sys.argv[1]](sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
    print("\n".join(faults))
    sys.exit(bool(faults))
