#!/usr/bin/env python3
"""Makes tests.tar: CPython's own tests, and the sources of the standard library that they look into, as an archive for
runs of the tests only. It lies over the library, below the same /usr/lib/python2.7.

    assemble_tests.py --lib LIB --tool PYTHON_SNAPSHOT --wasm PYTHON.WASM --shims DIR --work DIR --output DIR

Sources come with their compiled modules, so that a run compiles nothing.
"""

import argparse
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import assemble

# The tests of modules, beside Lib/test.
TESTS = ["test/*", "*/test/*", "*/tests/*"]
# Tests of what the library leaves out.
UNWANTED = ["lib-tk/*", "idlelib/*", "*.pyc", "*.pyo", "*.orig", "*.rej"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("lib", "tool", "wasm", "shims", "work", "output"):
        parser.add_argument(f"--{name}", required=True, type=lambda path: pathlib.Path(path).absolute())
    arguments = parser.parse_args()
    tree = arguments.work / "tests-tree"
    shutil.rmtree(tree, ignore_errors=True)
    library = assemble.gather_stdlib(arguments.lib)
    shims = assemble.gather_shims(arguments.shims)
    # Those for parts of packages are no part of the standard library.
    assemble.replace_in_stdlib(library, {path: source for path, source in shims.items() if "/" not in path})
    tests = {path: source for path, source in assemble.files_below(arguments.lib).items() if wanted(path)}
    jobs = []
    compiled = arguments.work / "compiled-there.pyc"
    for path, source in sorted({**library, **tests}.items()):
        guest = f"{assemble.GUEST_LIBRARY}/{path}"
        target = tree / guest
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".py") or path in tests:
            shutil.copyfile(source, target)
        # What the library holds is compiled there; here the interpreter needs it to start from.
        if path.endswith(".py") and path in tests:
            jobs.append((source, f"{target}c", guest))
        elif path.endswith(".py"):
            jobs.append((source, compiled, guest))
    try:
        # Some tests are about sources that do not compile: those stay as they are.
        assemble.compile_with(arguments.tool, arguments.wasm, jobs)
    except assemble.AssembleError as error:
        print(f"assemble_tests.py: {error}", file=sys.stderr)
        return 1
    archive = assemble.write_tar(assemble.files_below(tree), arguments.output / "tests.tar")
    print(f"tests: {archive}: {archive.stat().st_size / 1e6:.1f} MB")
    return 0


def wanted(path):
    matches = assemble.fnmatch.fnmatchcase
    return any(matches(path, pattern) for pattern in TESTS) and not any(matches(path, pattern) for pattern in UNWANTED)


if __name__ == "__main__":
    sys.exit(main())
