"""Tests of tools/signatures.py: what it adds, and what it refuses."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

PYTHON_WASM = pathlib.Path(__file__).resolve().parents[2]
TOOL = PYTHON_WASM / "tools/signatures.py"
SOURCE = """\
static PyObject *close(file *self);

/* close() may be called twice. */
static PyObject *
close(file *self)
{
    return close_all((file *)find(self));
}

static PyObject *
close_all(file *self)
{
    return close(
        other(self));
}
"""


class Signatures(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.write("Modules/file.c", SOURCE)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="latin-1")

    def run_tool(self, lines):
        self.write("list", lines)
        command = [sys.executable, TOOL, self.folder / "list", self.folder]
        return subprocess.run(command, capture_output=True, text=True)

    def source(self):
        return (self.folder / "Modules/file.c").read_text(encoding="latin-1")

    def refuses(self, lines, reason):
        result = self.run_tool(lines)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn(reason, result.stderr)
        self.assertEqual(self.source(), SOURCE)

    def test_declarations_and_calls_change_and_comments_do_not(self):
        result = self.run_tool("# a comment\n\nnoargs Modules/file.c close\nclosure Modules/file.c close_all\n")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        changed = SOURCE.replace("close(file *self)", "close(file *self, PyObject *noargs)")
        changed = changed.replace("close_all(file *self)", "close_all(file *self, void *closure)")
        changed = changed.replace("find(self))", "find(self), NULL)").replace("other(self))", "other(self), NULL)")
        self.assertEqual(self.source(), changed)

    def test_sources_in_another_encoding_keep_their_bytes(self):
        self.write("Modules/file.c", SOURCE + "/* \xe9 */\n")
        self.assertEqual(self.run_tool("noargs Modules/file.c close\n").returncode, 0)
        self.assertTrue((self.folder / "Modules/file.c").read_bytes().endswith(b"/* \xe9 */\n"))

    def test_what_does_not_fit_the_sources_is_refused(self):
        self.refuses("noargs Modules/file.c other\n", "there is no function other")
        self.refuses("noargs Modules/none.c close\n", "none.c")
        self.refuses("noargs Modules/file.c close close\n", "has the parameter noargs already")

    def test_a_line_of_another_form_is_refused(self):
        self.refuses("something Modules/file.c close\n", "list:1: a line is")
        self.refuses("noargs Modules/file.c\n", "list:1: a line is")

    def test_the_list_names_no_function_twice(self):
        lines = (PYTHON_WASM / "cpython/signatures.txt").read_text(encoding="utf-8").splitlines()
        words = [line.split() for line in lines if line and not line.startswith("#")]
        named = [(file, function) for _, file, *functions in words for function in functions]
        self.assertEqual(len(named), len(set(named)))


if __name__ == "__main__":
    unittest.main()
