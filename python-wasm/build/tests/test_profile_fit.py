"""How a profile that no longer fits is found out, with the real compiler."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(__file__).resolve().parent.parent
FUNCTIONS = 120


class ProfileFit(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="codehook-profile-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("f", "x > 1 ? x : 1")
        self.call("clang-19", "-O1", "-fprofile-instr-generate", "program.c", "-o", "program")
        self.call("./program", LLVM_PROFILE_FILE="counts.profraw")
        self.call("llvm-profdata-19", "merge", "-o", "program.profdata", "counts.profraw")

    def write(self, name, value):
        functions = "".join(f"int {name}{number}(int x) {{ return {value}; }}\n" for number in range(FUNCTIONS))
        calls = " + ".join(f"{name}{number}(1)" for number in range(FUNCTIONS))
        (self.folder / "program.c").write_text(f"{functions}int main(void) {{ return ({calls}) == 0; }}\n")

    def call(self, *command, **environment):
        environment = {**os.environ, **environment}
        result = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stderr

    def judged(self):
        """Status, and the numbers, as the step wasm finds them out."""
        warnings = ("-Wprofile-instr-out-of-date", "-Wprofile-instr-missing", "-Wno-profile-instr-unprofiled")
        log = self.call("clang-19", "-O1", "-fprofile-instr-use=program.profdata", *warnings, "-c", "program.c")
        (self.folder / "log").write_text(log)
        command = [sys.executable, BUILD / "profile-fit.py", self.folder / "log", self.folder / "fit.json"]
        result = subprocess.run(command, capture_output=True, text=True)
        return result.returncode, json.loads((self.folder / "fit.json").read_text())

    def test_one_that_fits(self):
        status, fit = self.judged()
        self.assertEqual((status, fit["mismatched"], fit["missing"]), (0, 0, 0))

    def test_functions_that_changed(self):
        self.write("f", "x > 1 ? x : x < -1 ? -x : 1")
        status, fit = self.judged()
        self.assertEqual((status, fit["mismatched"]), (1, FUNCTIONS))

    def test_functions_of_other_names(self):
        self.write("g", "x > 1 ? x : 1")
        status, fit = self.judged()
        self.assertEqual((status, fit["missing"]), (1, FUNCTIONS))


if __name__ == "__main__":
    unittest.main()
