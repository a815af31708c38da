"""Tests of the checks of documents. A shell script stands for a program whose help says what it takes."""

import pathlib
import tempfile
import unittest

import check
import documents
import transcripts
from program import Program

# Help as clap writes it, by subcommand.
PROGRAM = """#!/bin/sh
case "$*" in
"--help") printf 'It.\\n\\nCommands:\\n  run   Run\\n        more\\n  keep  Keep\\n\\nOptions:\\n  -h, --help\\n' ;;
"run --help") printf 'Usage: tool run\\n\\nOptions:\\n      --json    A report\\n  -q            Quiet\\n' ;;
"keep --help") printf 'Commands:\\n  all   All\\n  help  Help\\n\\nOptions:\\n      --force\\n' ;;
"keep all --help") printf 'Options:\\n      --dry-run\\n' ;;
*) echo "unexpected argument" >&2; exit 2 ;;
esac
"""


def document(text, name="x.md"):
    return documents.Document(pathlib.Path(name), name, text)


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def program(self):
        path = self.write("tool", PROGRAM)
        path.chmod(0o755)
        return Program(path)


class Code(unittest.TestCase):
    def test_blocks_and_inline_code_are_found_with_their_lines(self):
        text = "a `b c` d\n\n```sh\none\ntwo\n```\n\n    three\n"
        found = [(code.line, code.text, code.block) for code in document(text).code()]
        self.assertEqual(found, [(1, "b c", False), (4, "one\ntwo", True), (8, "three", True)])

    def test_a_block_without_an_end_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "has no end"):
            list(document("```\none\n").code())

    def test_commands_are_found_in_pipes_behind_assignments_and_over_several_lines(self):
        code = documents.Code(5, "A=1 x/tool run \\\n --json | jq\n$ cat | tool keep # tool no\ntoolbox run", True)
        self.assertEqual(
            list(documents.commands(code, "tool")), [(5, ["run", "--json"]), (6, ["keep"])]
        )

    def test_what_is_no_shell_line_has_no_commands(self):
        self.assertEqual(list(documents.commands(documents.Code(1, 'tool "', True), "tool")), [])


class Verbs(unittest.TestCase):
    def test_targets_are_verbs_and_variables_are_not(self):
        self.assertEqual(check.verbs_of("A := 1\nrun: x ## y\nx-y:\n\tz: no\nv := 2\n"), {"run", "x-y"})

    def test_an_unknown_verb_in_code_is_told_with_its_line_and_prose_is_no_verb(self):
        found = check.check_verbs(document("make do\n\n`make run`\n\n```\nA=1 make gone # make do\n```\n"), {"run"})
        self.assertEqual(list(found), ["x.md:6: the Makefile has no `gone`"])


class Paths(InFolder):
    def test_what_is_not_there_is_told(self):
        self.write("docs/a.md", "")
        self.write("tests/x/b.patch", "")
        text = "docs/a.md, `docs/b.md`, tests/x/NAME.patch tests/y/NAME.patch tests/*/b.patch\nsrc/docs/c.md"
        found = list(check.check_paths(document(text), self.root))
        self.assertEqual(found, ["x.md:1: there is no docs/b.md", "x.md:1: there is no tests/y/NAME.patch"])


class Commands(InFolder):
    def complaints(self, text):
        return list(check.check_commands(document(text), [self.program()]))

    def test_what_the_program_takes_is_right(self):
        self.assertEqual(self.complaints("`tool run FILE --json -q` `tool keep all --dry-run=1` `--force`"), [])

    def test_an_option_of_another_subcommand_is_told(self):
        self.assertEqual(self.complaints("`tool run --force`"), ["x.md:1: tool run takes no --force"])

    def test_an_unknown_subcommand_is_told(self):
        self.assertEqual(self.complaints("`tool keep none`"), ["x.md:1: tool keep has no subcommand none"])

    def test_an_option_alone_that_no_subcommand_takes_is_told(self):
        self.assertEqual(self.complaints("`--gone FILE`"), ["x.md:1: no command takes --gone"])

    def test_a_program_that_fails_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "unexpected argument"):
            self.program().help("gone")


class Transcripts(InFolder):
    TEXT = (
        "Save this as `a.txt`:\n\n```\nx\n```\n\nand this as `b.txt`:\n\n```\ny\n```\n\n"
        "```\n$ target/release/%s a.txt b.txt\n%s```\n"
    )

    def complaints(self, shown):
        self.write("target/release/show", 'cat "$@"\necho "took 0.$$ s"\n').chmod(0o755)
        return transcripts.complaints(self.TEXT % ("show", shown), self.root)

    def test_the_same_output_is_right_whatever_time_it_took(self):
        self.assertEqual(self.complaints("x\ny\ntook 0.5 s\n"), [])

    def test_other_output_is_told(self):
        self.assertEqual(len(self.complaints("x\nz\ntook 0.5 s\n")), 1)


class Columns(InFolder):
    def test_lines_are_measured_in_characters(self):
        self.write(".ci/run", "")
        self.write("a.py", "ä" * 120 + "\n")
        self.write("b/c.rs", "x" * 121 + "\n")
        self.write("target/d.rs", "x" * 121 + "\n")
        self.assertEqual(check.wide_lines(self.root), {"b/c.rs": 1})

    def test_the_list_allows_what_is_in_it_and_holds_nothing_else(self):
        self.assertEqual(list(check.check_columns({"a": 1}, {"a"})), [])
        self.assertEqual(len(list(check.check_columns({"a": 1}, set()))), 1)
        self.assertEqual(len(list(check.check_columns({}, {"a"}))), 1)


if __name__ == "__main__":
    unittest.main()
