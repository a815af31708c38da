"""The steps of the build, as their recipes declare them, and the digest of all that a step reads.

A recipe is steps/NAME.sh. The comments at its head, up to the first empty line, declare:

    # after: STEP...      steps whose result it reads; NAME.% is all of a recipe
    # waits: STEP...      steps that download what it reads; what it reads of them is pinned by locked: and pinned:
    # reads: PATH...      files, folders and patterns below python-wasm/
    # locked: NAME...     sources of build/sources.lock
    # pinned: NAME...     packages of packages/requirements.lock
    # tools: PROGRAM...   what it calls whose version shapes the result
    # crates: DIR...      Rust packages, with the workspace's own that they depend on
    # platform: yes       the result is machine code, for any processor of this kind
    # makes: PATH...      what it leaves in $RESULT, to go to target/python-wasm; with a leading slash, in $TARGET, to
                          go to target/
    # keeps: PATH...      what it makes in place there, and makes use of the next time
    # kept: no            the build cache does not hold its result
    # screen: yes         its output goes to the screen, not to a log, and it sees the whole environment, as cargo must
    # each: PATTERN       there is a step NAME.X for each path below python-wasm/ that fits the pattern with X in the
                          place of %; that file may declare more. In all other lines, % is X
"""

import functools
import hashlib
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
PYTHON_WASM = HERE.parent
WORKSPACE = PYTHON_WASM.parent
LISTS = ("after", "waits", "reads", "locked", "pinned", "tools", "crates", "makes", "keeps")
WORDS = ("platform", "kept", "screen", "each")
FORMAT = 1


class GraphError(Exception):
    """A recipe declares what cannot be; the message says where."""


class Step:
    """One step: how its recipe is called and what it declares."""

    def __init__(self, name, recipe, argument, declared):
        self.name = name
        self.recipe = recipe
        self.argument = argument
        for kind in LISTS:
            words = declared.get(kind, [])
            setattr(self, kind, [word.replace("%", argument) for word in words] if argument else words)
        self.kept = declared.get("kept") != ["no"]
        self.screen = declared.get("screen") == ["yes"]
        self.platform = declared.get("platform") == ["yes"]


class Graph:
    """All steps by name, and their digests."""

    def __init__(self, steps=HERE / "steps", root=PYTHON_WASM):
        self.root = root
        self.steps = {step.name: step for recipe in sorted(steps.glob("*.sh")) for step in steps_of(recipe, root)}
        for step in self.steps.values():
            step.after = list(dict.fromkeys(self.matching(step.after)))
            step.waits = list(dict.fromkeys(self.matching(step.waits)))
        self._keys = {}

    def step(self, name):
        if name not in self.steps:
            raise GraphError(f"there is no step {name}. Steps: {' '.join(self.steps)}")
        return self.steps[name]

    def matching(self, names):
        """Steps by name; NAME.% is all of that recipe."""
        for name in names:
            if name.endswith(".%"):
                yield from sorted(step for step in self.steps if step.startswith(name[:-1]))
            else:
                yield self.step(name).name

    def key(self, name, within=()):
        """The digest of all that the step reads."""
        if name in within:
            raise GraphError(f"steps wait for each other in a circle: {' -> '.join([*within, name])}")
        if name not in self._keys:
            self._keys[name] = digest_of(self._inputs(self.step(name), (*within, name)))
        return self._keys[name]

    def _inputs(self, step, within):
        return {
            "format": FORMAT,
            "name": step.name,
            "recipe": digest_of_file(step.recipe),
            "shell": digest_of_file(HERE / "recipe.sh"),
            "after": {name: self.key(name, within) for name in step.after},
            "reads": dict(files_read(self.root, step.reads)),
            "locked": pinned(self.root / "build/sources.lock", step.locked, r"^\S+\s+\S+\s+{}="),
            "pinned": pinned(self.root / "packages/requirements.lock", step.pinned, r"^{}=="),
            "tools": {tool: version_of(tool) for tool in step.tools},
            "python": sys.version if any(path.endswith(".py") for path in step.reads) else None,
            "crates": crates_read(WORKSPACE, step.crates) if step.crates else None,
            "platform": platform.machine() if step.platform else None,
            "makes": step.makes,
        }


def steps_of(recipe, root):
    declared = declarations(recipe)
    if "each" not in declared:
        return [Step(recipe.stem, recipe, "", declared)]
    pattern = declared["each"][0]
    before, _, after = pattern.partition("%")
    steps = []
    for path in sorted(root.glob(pattern.replace("%", "*"))):
        argument = path.relative_to(root).as_posix()[len(before) : -len(after) or None]
        more = declarations(path)
        both = {kind: declared.get(kind, []) + more.get(kind, []) for kind in (*LISTS, *WORDS)}
        steps.append(Step(f"{recipe.stem}.{argument}", recipe, argument, both))
    return steps


def declarations(recipe):
    declared = {}
    for line in recipe.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        match = re.fullmatch(r"# ([a-z]+): (.+)", line)
        if match and match[1] in (*LISTS, *WORDS):
            declared.setdefault(match[1], []).extend(match[2].split())
    return declared


def digest_of(inputs):
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


@functools.cache
def digest_of_file(path):
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def files_read(root, patterns):
    """Path below root, and digest."""
    for pattern in patterns:
        found = sorted(root.glob(pattern))
        if not found:
            raise GraphError(f"{pattern} is declared as read, and is not in {root}")
        for path in found:
            for file in files_below(path):
                mode = "x" if os.access(file, os.X_OK) else "-"
                yield os.path.relpath(file, root), mode + digest_of_file(file)


def files_below(path):
    if path.is_file():
        return [path]
    files = (file for file in path.rglob("*") if file.is_file())
    return sorted(file for file in files if file.suffix != ".pyc" and "target" not in file.relative_to(path).parts)


def pinned(lock, names, pattern):
    """The lines of a lock file that pin these."""
    if not names:
        return []
    lines = lock.read_text(encoding="utf-8").splitlines()
    result = []
    for name in names:
        found = [line for line in lines if re.match(pattern.format(re.escape(name)), line, re.IGNORECASE)]
        # The standard library's own modules have extensions as well, and no line.
        result += [" ".join(line.split()) for line in found]
    return result


@functools.cache
def version_of(tool):
    option = "-vV" if tool == "rustc" else "--version"
    try:
        result = subprocess.run([tool, option], stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=WORKSPACE)
    except OSError as error:
        raise GraphError(f"{tool}: {error.strerror}. Next step: run python-wasm/build/install-tools.sh") from None
    return result.stdout


def crates_read(workspace, directories):
    """Every file of these packages and of the workspace's own that they depend on, with all that fixes the others."""
    manifest = tomllib.loads((workspace / "Cargo.toml").read_text(encoding="utf-8"))
    shared = manifest["workspace"]["dependencies"]
    waiting, seen = list(directories), set()
    while waiting:
        directory = waiting.pop()
        if directory in seen:
            continue
        seen.add(directory)
        crate = tomllib.loads((workspace / directory / "Cargo.toml").read_text(encoding="utf-8"))
        for kind in ("dependencies", "build-dependencies"):
            for name, detail in crate.get(kind, {}).items():
                inherited = shared.get(name) if isinstance(detail, dict) and detail.get("workspace") else detail
                if isinstance(inherited, dict) and "path" in inherited:
                    base = workspace if inherited is not detail else workspace / directory
                    waiting.append(os.path.relpath(base / inherited["path"], workspace))
    files = dict(files_read(workspace, sorted(seen)))
    return {**files, **dict(files_read(workspace, ["Cargo.toml", "Cargo.lock"])), "rustc": version_of("rustc")}
