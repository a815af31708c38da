"""Steps as a build runs them: small recipes, in a project of their own, through step.py and make."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BUILD = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ("step.py", "graph.py", "store.py", "build.mk", "each.mk", "recipe.sh")
FIRST = """# The first.
# reads: text
# tools: bash
# makes: first

cat "$HERE/text" > "$RESULT/first"
echo first >> "$HERE/../ran"
"""
SECOND = """# What is made of the first.
# after: first
# makes: second /lib/third

{ cat "$OUT/first"; echo more; } > "$RESULT/second"
mkdir -p "$TARGET/lib"
cp "$RESULT/second" "$TARGET/lib/third"
echo second >> "$HERE/../ran"
"""


class Project:
    """A folder with the build's programs, and recipes of its own."""

    def __init__(self, root, cache, recipes):
        self.root = root
        self.cache = cache
        self.steps = root / "python-wasm/build/steps"
        self.steps.mkdir(parents=True)
        for name in PROGRAMS:
            shutil.copy(BUILD / name, root / "python-wasm/build" / name)
        (root / "python-wasm/text").write_text("text\n")
        for name, recipe in recipes.items():
            self.write(name, recipe)

    def write(self, name, recipe):
        (self.steps / f"{name}.sh").write_text(recipe)

    def start(self, *goals, **more):
        passed = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = {**passed, "CODEHOOK_BUILD_CACHE": str(self.cache), "PYTHONDONTWRITEBYTECODE": "1", **more}
        command = [sys.executable, self.root / "python-wasm/build/step.py", "build", *goals]
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )

    def build(self, *goals, **more):
        """Status and what it said."""
        with self.start(*goals, **more) as process:
            said, _ = process.communicate(timeout=120)
        return process.returncode, said

    def ran(self):
        """The recipes that ran since the last question."""
        path = self.root / "ran"
        names = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return names

    def target(self, name):
        return (self.root / "target" / name).read_text()


class StepCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="codehook-step-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def project(self, name="one", cache="cache", **recipes):
        recipes = recipes or {"first": FIRST, "second": SECOND}
        return Project(self.folder / name, self.folder / cache if cache else "", recipes)

    def built(self, project, *goals, **more):
        status, said = project.build(*goals or ["step.second"], **more)
        self.assertEqual(status, 0, said)
        return said


class WhatRuns(StepCase):
    def test_everything_once(self):
        project = self.project()
        self.built(project)
        self.assertEqual(project.ran(), ["first", "second"])
        self.assertEqual(project.target("lib/third"), "text\nmore\n")
        self.built(project)
        self.assertEqual(project.ran(), [])

    def test_what_reads_something_that_changed(self):
        project = self.project()
        self.built(project)
        project.ran()
        (project.root / "python-wasm/text").write_text("other\n")
        self.built(project)
        self.assertEqual(project.ran(), ["first", "second"])
        self.assertEqual(project.target("lib/third"), "other\nmore\n")
        project.write("second", SECOND.replace("more", "most"))
        self.built(project)
        self.assertEqual(project.ran(), ["second"])
        self.assertEqual(project.target("lib/third"), "other\nmost\n")

    def test_what_is_missing(self):
        project = self.project(cache=None)
        self.built(project)
        project.ran()
        (project.root / "target/lib/third").unlink()
        self.built(project)
        self.assertEqual(project.ran(), ["second"])

    def test_without_a_cache_too(self):
        project = self.project(cache=None)
        self.built(project)
        self.assertEqual(project.ran(), ["first", "second"])
        self.assertEqual(list(self.folder.iterdir()), [project.root])

    def test_a_failure_stops_what_waits_for_it_and_shows_its_end(self):
        project = self.project(first=FIRST + "echo the reason; false\n", second=SECOND)
        status, said = project.build("step.second")
        self.assertNotEqual(status, 0)
        self.assertIn("the reason", said)
        self.assertEqual(project.ran(), ["first"])
        status, _ = project.build("step.second")
        self.assertNotEqual(status, 0)

    def test_what_does_not_make_what_it_declares_fails(self):
        project = self.project(first="# makes: first\n\ntrue\n")
        status, said = project.build("step.first")
        self.assertNotEqual(status, 0)
        self.assertIn("did not make python-wasm/first", said)

    def test_flags_of_the_caller_do_not_reach_a_recipe(self):
        project = self.project(first="# makes: first\n\necho \"${CFLAGS-none}\" > \"$RESULT/first\"\n")
        self.built(project, "step.first", CFLAGS="-O0")
        self.assertEqual(project.target("python-wasm/first"), "none\n")


class ASecondFolder(StepCase):
    def test_takes_the_last_result_and_makes_nothing(self):
        self.built(self.project("one"))
        other = self.project("two")
        said = self.built(other)
        self.assertEqual(other.ran(), [])
        self.assertEqual(other.target("lib/third"), "text\nmore\n")
        self.assertIn("second is taken from the build cache", said)
        # What only the other step reads is not even unpacked.
        self.assertFalse((other.root / "target/python-wasm/first").exists())

    def test_makes_anew_what_is_damaged(self):
        self.built(self.project("one"))
        for entry in (self.folder / "cache").iterdir():
            os.truncate(entry, entry.stat().st_size - 1)
        other = self.project("two")
        said = self.built(other)
        self.assertEqual(other.ran(), ["first", "second"])
        self.assertIn("removed", said)
        third = self.project("three")
        self.built(third)
        self.assertEqual(third.ran(), [])

    def test_is_not_given_what_names_the_first(self):
        project = self.project(first='# makes: first\n\necho "$OUT/somewhere" > "$RESULT/first"\n')
        status, said = project.build("step.first")
        self.assertNotEqual(status, 0)
        self.assertIn("which another folder cannot use", said)


class TwoAtOnce(StepCase):
    def test_in_one_folder_build_once(self):
        project = self.project(first=FIRST + "sleep 1\n", second=SECOND)
        builds = [project.start("step.second") for _ in range(2)]
        said = [build.communicate(timeout=120)[0] for build in builds]
        self.assertEqual([build.returncode for build in builds], [0, 0], said)
        self.assertEqual(project.ran(), ["first", "second"])
        self.assertIn("another build is at work", said[0] + said[1])

    def test_in_two_folders_with_one_cache(self):
        projects = [self.project(name) for name in ("one", "two", "three")]
        builds = [project.start("step.second") for project in projects]
        for build, project in zip(builds, projects, strict=True):
            said = build.communicate(timeout=120)[0]
            self.assertEqual(build.returncode, 0, said)
            self.assertEqual(project.target("lib/third"), "text\nmore\n")


class ABuildThatIsKilled(StepCase):
    def test_is_taken_up_again(self):
        waits = FIRST.replace("cat ", "[ -e \"$HERE/../go\" ] || { touch \"$HERE/../begun\"; sleep 60; }\ncat ", 1)
        project = self.project(first=waits, second=SECOND)
        build = project.start("step.second")
        self.wait_for(project.root / "begun")
        os.killpg(build.pid, signal.SIGKILL)
        build.communicate()
        self.assertEqual(project.ran(), [])
        (project.root / "go").touch()
        self.built(project)
        self.assertEqual(project.ran(), ["first", "second"])
        self.assertEqual(list((project.root / "target/python-wasm/work").iterdir()), [])

    def wait_for(self, path):
        for _ in range(300):
            if path.exists():
                return
            time.sleep(0.1)
        self.fail(f"{path} did not appear")


class SideBySide(StepCase):
    RECIPE = """# makes: most

each_of() { printf '%s\\n' a b c d e f g h | each "$HERE/../one" {} "a b"; }
each_of
sort -n "$HERE/../counts" | tail -n 1 > "$RESULT/most"
"""
    # Notes how many are at work at the same moment.
    ONE = """#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")"
[ "$2" = "a b" ]
mkdir -p working
touch "working/$1"
sleep 0.3
ls working | wc -l >> counts
rm "working/$1"
"""

    def most(self, *options):
        project = self.project("-".join(["project", *options]), cache=None, most=self.RECIPE)
        one = project.root / "one"
        one.write_text(self.ONE)
        one.chmod(0o755)
        # As a verb of the Makefile calls it.
        makefile = project.root / "Makefile"
        makefile.write_text(f"all:\n\t+{sys.executable} python-wasm/build/step.py build step.most\n")
        result = subprocess.run(
            ["make", "-C", project.root, *options], env={**os.environ, "CODEHOOK_BUILD_CACHE": ""},
            capture_output=True, text=True, timeout=120,
        )
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertNotIn("jobserver unavailable", result.stderr)
        return int(project.target("python-wasm/most"))

    def test_commands_of_a_recipe_are_counted_by_makes_job_server(self):
        self.assertEqual(self.most("-j1"), 1)
        self.assertIn(self.most("-j3"), (2, 3))


if __name__ == "__main__":
    unittest.main()
