#!/usr/bin/env python3
"""Makes C's long 64 bits wide in the sources below the given directories, as it is on 64-bit Linux.

    wide_long.py DIR_OR_FILE...

WebAssembly's long has 32 bits, and Python 2's int is a long: 2**31 would be another type than on any machine that hooks
were written on. No option of the compiler changes that, so each `long` becomes `long long`, each literal such as 1UL
becomes 1ULL, and each %ld in a string becomes %lld. What comes from the C library's headers stays as it is: values
convert at the call, and the compiler refuses pointers that do not fit. Running it twice is an error, which a marker in
each directory prevents.

It knows C's tokens and nothing of its grammar; CPython's sources and its extensions need no more. runtime/wide_long.h
gives LONG_MAX and its like the values to match.
"""

import pathlib
import re
import sys

MARKER = ".wide-long"
SUFFIXES = {".c", ".h", ".cpp"}

TOKEN = re.compile(
    r"""
    (?P<comment>/\*.*?\*/|//(?:\\\n|[^\n])*)
  | (?P<include>^[ \t]*\#[ \t]*(?:include|error|warning|pragma|line)\b(?:\\\n|[^\n])*)
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<char>'(?:\\.|[^'\\\n])*')
  | (?P<number>\.?[0-9](?:[eEpP][+-]|[0-9A-Za-z_.])*)
  | (?P<word>[A-Za-z_][A-Za-z_0-9]*)
  | (?P<space>(?:\s|\\\n)+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)

# Words that may stand between the two halves of one type's name.
INT_WORDS = {"int", "unsigned", "signed", "const", "volatile"}

NARROW_LITERAL = re.compile(r"(0[xX][0-9a-fA-F]+|[0-9]+)([uU]?)([lL])([uU]?)")
NARROW_FORMAT = re.compile(r"(?<!%)((?:%%)*%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?l)(?=[diouxX])")


def widen(source):
    """The source with a wide long."""
    tokens = [(match.lastgroup, match.group()) for match in TOKEN.finditer(source)]
    code = [index for index, (kind, _) in enumerate(tokens) if kind not in ("space", "comment")]
    result = [text for _, text in tokens]
    for position, index in enumerate(code):
        kind, text = tokens[index]
        if kind == "word" and text == "long" and not part_of_another_type(tokens, code, position):
            result[index] = "long long"
        elif kind == "number":
            literal = NARROW_LITERAL.fullmatch(text)
            if literal:
                result[index] = f"{literal[1]}{literal[2]}{literal[3] * 2}{literal[4]}"
        elif kind == "string":
            result[index] = NARROW_FORMAT.sub(r"\1l", text)
    return "".join(result)


def part_of_another_type(tokens, code, position):
    """Whether this long belongs to a long long or a long double."""
    return any(neighbour(tokens, code, position, step) in ("long", "double") for step in (-1, 1))


def neighbour(tokens, code, position, step):
    """The next word of a type's name in that direction, past those that a wide long may have as well."""
    position += step
    while 0 <= position < len(code) and tokens[code[position]][1] in INT_WORDS:
        position += step
    return tokens[code[position]][1] if 0 <= position < len(code) else None


def sources(target):
    if target.is_file():
        return [target]
    marker = target / MARKER
    if marker.exists():
        raise SystemExit(f"wide_long.py: {target} is wide already. Next step: start from fresh sources")
    marker.touch()
    return sorted(path for path in target.rglob("*") if path.suffix in SUFFIXES and path.is_file())


def main(arguments):
    if not arguments or arguments[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    changed = 0
    for argument in arguments:
        for path in sources(pathlib.Path(argument)):
            before = path.read_bytes().decode("latin-1")
            after = widen(before)
            if after != before:
                path.write_bytes(after.encode("latin-1"))
                changed += 1
    print(f"wide_long.py: {changed} files changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
