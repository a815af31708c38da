#!/usr/bin/env python3
"""Checks that the documents say what is so: verbs of make, paths, commands and their options, and examples.

    check.py [--shrink]

Links and their anchors are rumdl's part. The lines of the sources are measured as well: files in `wide.txt` have lines
that are too long, no other may, and the list only shrinks; --shrink takes out those that have none any more. Needs
target/release.
"""

import argparse
import pathlib
import re
import sys

import documents
import transcripts
from program import Program

COLUMNS = 120
SOURCES = {".rs", ".sh", ".py"}
VERB = re.compile(r"(?:^|[\s;&|(])make ([a-z][\w-]*)")
# Options in the documents that are other programs'.
FOREIGN = {
    "--fpcast-emu": "wasm-opt",
    "--release": "cargo",
    "--test": "cargo",
    "--without-threads": "CPython's configure",
    "--workspace": "cargo",
}
WIDE = pathlib.Path(__file__).with_name("wide.txt")


def verbs_of(makefile):
    """The targets of a Makefile."""
    return set(re.findall(r"^([a-z][\w-]*)\s*:(?!=)", makefile, re.MULTILINE))


def check_verbs(document, known):
    """Every `make VERB` is a target."""
    for code in document.code():
        for offset, line in enumerate(code.text.splitlines()):
            for verb in VERB.findall(line.split(" #")[0]):
                if verb not in known:
                    yield f"{document.name}:{code.line + offset}: the Makefile has no `{verb}`"


def check_paths(document, root):
    """Every path is there; for one with a word in capitals in it, such as NAME.patch, one that differs in that word."""
    for line, path in document.paths():
        pattern = re.sub(r"\b[A-Z]{2,}\b", "*", path)
        if not (root / path).exists() and not any(root.glob(pattern)):
            yield f"{document.name}:{line}: there is no {path}"


def check_commands(document, programs):
    """Every call of a program of ours, and every option that stands alone, is one that the program takes."""
    every = set().union(*(program.every_flag() for program in programs))
    for code in document.code():
        for program in programs:
            for line, arguments in documents.commands(code, program.path.name):
                if complaint := program.complaint(arguments):
                    yield f"{document.name}:{line}: {complaint}"
        flag = re.match(r"--[\w-]+", code.text)
        if flag and not code.block and flag[0] not in every | FOREIGN.keys():
            yield f"{document.name}:{code.line}: no command takes {flag[0]}"


def sources(root):
    """Paths of the sources, from the root."""
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if path.suffix in SOURCES and not name.parts[0].startswith(("target", ".git")):
            yield name
    yield pathlib.Path(".ci/run")


def wide_lines(root):
    """How many lines of each source are too long; files without any are left out."""
    found = {}
    for name in sources(root):
        lines = (root / name).read_text(encoding="utf-8", errors="replace").splitlines()
        if count := sum(len(line) > COLUMNS for line in lines):
            found[str(name)] = count
    return found


def check_columns(found, allowed):
    """Only files of the list have lines that are too long, and all of these do."""
    for name in sorted(found.keys() - allowed):
        yield f"{name}: {found[name]} lines have more than {COLUMNS} columns"
    for name in sorted(allowed - found.keys()):
        yield f"{WIDE.name}: {name} has no line that is too long any more: run check.py --shrink"


def complaints(root, shrink):
    """All that is wrong."""
    programs = [Program(root / "target/release" / name) for name in ("codehook", "mock-services")]
    known = verbs_of((root / "Makefile").read_text(encoding="utf-8"))
    for document in documents.read_all(root):
        yield from check_verbs(document, known)
        yield from check_paths(document, root)
        yield from check_commands(document, programs)
        for complaint in transcripts.complaints(document.text, root):
            yield f"{document.name}: {complaint}"
    found = wide_lines(root)
    allowed = set(WIDE.read_text(encoding="utf-8").split())
    if shrink:
        allowed &= found.keys()
        WIDE.write_text("".join(f"{name}\n" for name in sorted(allowed)), encoding="utf-8")
    yield from check_columns(found, allowed)


def main():
    """Prints what is wrong; fails if anything is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shrink", action="store_true", help="take files out of wide.txt that belong there no more")
    arguments = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parents[2]
    wrong = list(complaints(root, arguments.shrink))
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
