"""Runs the examples that a document shows with what they print, and compares."""

import pathlib
import re
import subprocess
import tempfile

LIMIT = 120
# "Save this as `hello.py`:" and "and this as `event.json`:", with the block that follows.
FILE = re.compile(r"^[^\n]*\bthis\s+as `([\w.-]+)`:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TRANSCRIPT = re.compile(r"^```\w*\n(\$ target/release/.*?)^```$", re.MULTILINE | re.DOTALL)
FIGURE = re.compile(r"\d+(?:\.\d+)? ?(?:s|ms|MiB)\b")


def masked(text):
    """The text with times and sizes of memory, which no two runs share, as `N`."""
    return FIGURE.sub("N", text).strip()


def examples(text):
    """Each command that a document shows, with what it prints."""
    for block in TRANSCRIPT.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def complaints(text, root):
    """Runs a document's examples in a folder that holds the files it shows; says which print something else."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, content in FILE.findall(text):
            pathlib.Path(folder, name).write_text(content, encoding="utf-8")
        for command, expected in examples(text):
            there = command.replace("target/release/", f"{root}/target/release/", 1)
            done = subprocess.run(
                ["bash", "-c", there],
                cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT, check=False,
            )  # fmt: skip
            if masked(done.stdout) != masked(expected):
                found.append(f"`{command}` prints\n{done.stdout}and not\n{expected}")
    return found
