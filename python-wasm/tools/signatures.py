#!/usr/bin/env python3
"""Gives C functions the parameters that they are called with.

    signatures.py LIST TREE

Native calling conventions forgive a call with more arguments than the function takes; WebAssembly traps. CPython calls
METH_NOARGS functions and getters with a second argument, and setters with a third, that many of its functions do not
declare. LIST names these functions:

    PARAMETER FILE FUNCTION...

PARAMETER is `noargs` (an object that methods without arguments are given) or `closure` (what a getter or setter is
registered with). It becomes the last parameter of every definition and declaration of FUNCTION in FILE of TREE; calls
in that file pass NULL for it. Declarations start at the margin, and calls are indented.
"""

import pathlib
import re
import sys

PARAMETERS = {"noargs": "PyObject *", "closure": "void *"}


class SignatureError(Exception):
    """The list does not fit the sources; the message says where."""


def main(arguments):
    if len(arguments) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        for path, functions in listed(pathlib.Path(arguments[0])).items():
            source = pathlib.Path(arguments[1], path)
            # CPython's sources of that time are not all UTF-8.
            text = source.read_bytes().decode("latin-1")
            for function, parameter in functions:
                text = extended(text, function, parameter, path)
            source.write_bytes(text.encode("latin-1"))
    except (SignatureError, OSError) as error:
        print(f"signatures.py: {error}", file=sys.stderr)
        return 1
    return 0


def listed(path):
    """By file, the functions with the parameter that each lacks."""
    files = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if len(words) < 3 or words[0] not in PARAMETERS:
            raise SignatureError(f"{path}:{number}: a line is `PARAMETER FILE FUNCTION...`, not {line!r}")
        files.setdefault(words[1], []).extend((function, words[0]) for function in words[2:])
    return files


def extended(text, function, parameter, path):
    """The text with the parameter in every declaration of the function, and NULL in every call."""
    declarations = 0
    pieces, end = [], 0
    for match in re.finditer(rf"\b{re.escape(function)} ?\(", text):
        closing = closing_parenthesis(text, match.end(), path)
        if closing == match.end():
            # A comment names the function.
            continue
        if text[text.rfind("\n", 0, match.start()) + 1].isspace():
            added = "NULL"
        else:
            declarations += 1
            added = PARAMETERS[parameter] + parameter
            if added in text[match.end() : closing]:
                raise SignatureError(f"{path}: {function} has the parameter {parameter} already; take it off the list")
        pieces += [text[end:closing], ", ", added]
        end = closing
    if declarations == 0:
        raise SignatureError(f"{path}: there is no function {function}; correct the list")
    return "".join([*pieces, text[end:]])


def closing_parenthesis(text, start, path):
    depth = 1
    for position in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position
    raise SignatureError(f"{path}: a parenthesis is not closed")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
