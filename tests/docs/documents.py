"""What the documents hold: their code, the commands in it, and the paths that they name."""

import pathlib
import re
import shlex
from dataclasses import dataclass

BUILT = {"target", ".git", "node_modules"}
FENCE = re.compile(r"^ *(```+|~~~+) *(\S*)")
INLINE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
# A file of ours by its path from the root.
PATH = re.compile(r"(?<![\w./~-])(?:crates|docs|fixtures|python-wasm|tests|\.ci|\.github)/[\w./*+-]*")
COMMAND_BEGINS = {"|", "&&", "||", ";", "(", "do", "then"}


@dataclass(frozen=True)
class Code:
    """A piece of code in a document."""

    line: int
    text: str
    block: bool
    language: str = ""


@dataclass(frozen=True)
class Document:
    """A Markdown file."""

    path: pathlib.Path
    name: str
    text: str

    def code(self):
        """Fenced and indented blocks, and code within lines."""
        yield from self._walk()

    def _walk(self):
        fence = None
        began, lines, language = 0, [], ""
        for number, line in enumerate(self.text.splitlines(), 1):
            mark = FENCE.match(line)
            if fence:
                if mark and mark[1].startswith(fence) and not mark[2]:
                    yield Code(began, "\n".join(lines), True, language)
                    fence = None
                else:
                    lines.append(line)
            elif mark:
                fence, language = mark[1], mark[2]
                began, lines = number + 1, []
            elif line.startswith("    "):
                yield Code(number, line[4:], True)
            else:
                yield from (Code(number, found[2].strip(), False) for found in INLINE.finditer(line))
        if fence:
            raise ValueError(f"{self.name}: the block that begins before line {began} has no end")

    def paths(self):
        """Lines and paths of this repository that the document names, in code and elsewhere."""
        for number, line in enumerate(self.text.splitlines(), 1):
            for found in PATH.finditer(line):
                # Past the name of a placeholder there is nothing to look for.
                path = found[0].rstrip(".")
                if not re.match(r"[<{$\[]", line[found.end() :]):
                    yield number, path


def read_all(root):
    """Every Markdown file below `root` that is not built."""
    found = []
    for path in sorted(root.rglob("*.md")):
        name = path.relative_to(root)
        if not BUILT.intersection(name.parts) and not name.parts[0].startswith("target"):
            found.append(Document(path, str(name), path.read_text(encoding="utf-8")))
    return found


def words(line):
    """The words of a shell line, comments left out; operators are words of their own. None if it is no shell line."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;()")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        return list(lexer)
    except ValueError:
        return None


def commands(code, program):
    """The lines and arguments of each call of `program` in a piece of code."""
    joined = re.sub(r"\\\n", "  ", code.text)
    # A continued line counts as one, so that the numbers of those after it are a little low: the text is shown as well.
    for offset, line in enumerate(joined.splitlines()):
        found = words(line.strip().removeprefix("$ "))
        for call in calls(found or []):
            if call and call[0].rsplit("/", 1)[-1] == program:
                yield code.line + offset, call[1:]


def calls(found):
    """Each command of a line of words: without the assignments before it and the operators around it."""
    call = []
    for word in [*found, ";"]:
        if word in COMMAND_BEGINS or word == "&":
            yield call
            call = []
        elif call or not re.match(r"[A-Z_]+=|sudo$|exec$", word):
            call.append(word)
