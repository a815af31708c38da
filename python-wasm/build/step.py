#!/usr/bin/env python3
"""Builds the interpreter's steps: each one when what it reads has changed, and none that the build cache holds already.

    step.py build GOAL...     brings these goals of build.mk up to date, by make
    step.py run STEP          runs one recipe (what build.mk calls)
    step.py key STEP          the digest of all that the step reads
    step.py graph             all steps and what each waits for

graph.py describes recipes, store.py the cache.
"""

import argparse
import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import time

import graph
import store

TARGET = graph.WORKSPACE / "target"
OUT = TARGET / "python-wasm"
# What a recipe sees of the environment: CFLAGS and their like would change what is made.
PASSED = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TERM", "SOURCE", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
PASSED_PREFIXES = ("PIP_", "CODEHOOK_BUILD_CACHE", "SSL_CERT_", "XDG_", "http", "HTTP", "no_proxy", "NO_PROXY")


class StepError(Exception):
    """A step cannot be run or did not do what it declares; the message says what to do."""


def say(text):
    print(f"python: {text}", file=sys.stderr, flush=True)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["build", "run", "key", "graph"])
    parser.add_argument("names", nargs="*")
    chosen = parser.parse_args(arguments)
    try:
        steps = graph.Graph()
        if chosen.command == "build":
            return build(steps, chosen.names)
        for name in chosen.names:
            if chosen.command == "run":
                Run(steps, steps.step(name), store.open_store()).make()
            else:
                print(steps.key(name))
        if chosen.command == "graph":
            for step in steps.steps.values():
                print(f"{step.name}: {' '.join(step.after + step.waits)}")
    except (StepError, graph.GraphError, store.StoreError) as error:
        print(f"step.py: {error}", file=sys.stderr)
        return 1
    return 0


def build(steps, goals):
    """Plans the build and has make do it."""
    if "n" in os.environ.get("MAKEFLAGS", "").split(" ")[0]:
        return 0
    OUT.mkdir(parents=True, exist_ok=True)
    with locked(OUT / "lock") as lock:
        wanted = list(steps.matching(goal.removeprefix("step.") for goal in goals if goal.startswith("step.")))
        plan = Plan(steps, store.open_store(), wanted)
        (OUT / "plan.mk").write_text(plan.rules(), encoding="utf-8")
        command = ["make", "--no-print-directory", "-f", str(graph.HERE / "build.mk"), f"PLAN={OUT / 'plan.mk'}"]
        # One job server for everything: the caller's, or one with a place for each processor and one for what mostly
        # waits.
        if not any(word.startswith(("-j", "--jobserver")) for word in os.environ.get("MAKEFLAGS", "").split()):
            command.append(f"-j{len(os.sched_getaffinity(0)) + 1}")
        # Rust first, which takes longest; make begins with what it is told first.
        goals = [goal for goal in goals if not goal.startswith("step.")] + [f"step.{name}" for name in wanted]
        # The lock is everybody's who takes part: who ends the first process only has not ended the build.
        os.set_inheritable(lock.fileno(), True)
        return subprocess.run([*command, *dict.fromkeys(goals)], cwd=graph.WORKSPACE, close_fds=False).returncode


@contextlib.contextmanager
def locked(path):
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another build is at work in {path.parent}; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


class Plan:
    """Which steps have to run: those wanted that are neither here nor in the cache, and what these wait for."""

    def __init__(self, steps, kept, wanted):
        self.steps = steps
        self.kept = kept
        self.missing = {}
        for name in wanted:
            self.visit(name)

    def visit(self, name):
        """Whether the step has to run. Where it need not, what it was made from need not be here either."""
        if name not in self.missing:
            run = Run(self.steps, self.steps.step(name), self.kept)
            self.missing[name] = not (run.is_current() or run.restore())
            if self.missing[name]:
                for other in run.step.after + run.step.waits:
                    self.visit(other)
        return self.missing[name]

    def rules(self):
        """For make: a rule for each step that was looked at, empty for those that are there.

        Steps before the Rust program that others need are one job of the outer make, and those behind it another: each
        is a make of its own, which keeps its place at the job server to its end. Step by step they would wait for a
        place behind every compiler that cargo starts.
        """
        missing = [name for name, missing in self.missing.items() if missing]
        there = [name for name, missing in self.missing.items() if not missing]
        programs = [name for name in missing if self.steps.step(name).crates]
        late = [name for name in missing if name not in programs and self.needs_program(name)]
        early = [name for name in missing if name not in programs and name not in late]
        lines = [f".PHONY: early late {self.targets(self.missing)}", f"PLANNED := {self.targets(missing)}"]
        lines += [f"step.{name}: ;" for name in there]
        lines += ["ifeq ($(PART),early)", f"early: {self.targets(early)}", "\t@:", *self.recipes(early, early)]
        lines += ["else ifeq ($(PART),late)", f"late: {self.targets(late)}", "\t@:", *self.recipes(late, late), "else"]
        for part, steps in (("early", early), ("late", late)):
            lines += [f"{self.targets(steps)}: {part}" if steps else ""]
            lines += [f"{part}:", f"\t+@$(MAKE) --no-print-directory -f $(MAKEFILE) PART={part} {part}"]
        lines += [f"late: early {self.targets(programs)}", *self.recipes(programs, missing), "endif"]
        return "\n".join(lines) + "\n"

    def recipes(self, names, known):
        """How these are made, each behind those of the known that it needs."""
        for name in names:
            step = self.steps.step(name)
            before = [other for other in step.after + step.waits if other in known]
            yield f"step.{name}: {self.targets(before)}"
            yield f"\t+@$(STEP) run {name}"

    @staticmethod
    def targets(names):
        return " ".join(f"step.{name}" for name in names)

    def needs_program(self, name):
        step = self.steps.step(name)
        before = [other for other in step.after + step.waits if self.missing.get(other)]
        return bool(step.crates) or any(map(self.needs_program, before))


class Run:
    """One step in this folder."""

    def __init__(self, steps, step, kept):
        self.step = step
        self.key = steps.key(step.name)
        self.kept = kept if step.kept and step.makes else None
        self.stamp = OUT / "stamps" / step.name
        self.log = OUT / "logs" / f"{step.name}.log"
        self.work = OUT / "work" / step.name
        self.tree = self.work / "tree"
        self.places = [pathlib.Path(below_target(name)) for name in step.makes]

    def is_current(self):
        """Whether what the step makes is here, as it would be made now."""
        made = [TARGET / place for place in self.places] + [OUT / name for name in self.step.keeps]
        if not made or not all(path.exists() for path in made):
            return False
        return self.stamp.is_file() and self.stamp.read_text(encoding="utf-8") == self.key

    def restore(self):
        """Takes the result from the cache. Returns whether it was there."""
        if self.kept is None:
            return False
        self.fresh_work()
        if not self.kept.take_tree(self.key, self.tree):
            return False
        self.publish()
        say(f"{self.step.name} is taken from the build cache")
        return True

    def make(self):
        started = time.monotonic()
        say(self.step.name)
        self.fresh_work()
        self.stamp.unlink(missing_ok=True)
        self.call_recipe()
        self.require_result()
        if self.kept is not None:
            self.require_no_paths()
            self.kept.keep_tree(self.key, self.tree, [str(place) for place in self.places])
        self.publish()
        say(f"{self.step.name} took {time.monotonic() - started:.0f} s")

    def fresh_work(self):
        shutil.rmtree(self.work, ignore_errors=True)
        (self.tree / "python-wasm").mkdir(parents=True)
        (self.work / "here").mkdir()

    def call_recipe(self):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        command = ["bash", "-euo", "pipefail", "-c", '. "$1"; . "$2"', "bash"]
        command += [graph.HERE / "recipe.sh", self.step.recipe]
        with contextlib.ExitStack() as stack:
            output = None if self.step.screen else stack.enter_context(self.log.open("w"))
            # What make's job server passes on through descriptors has to stay open.
            result = subprocess.run(
                command, cwd=self.work / "here", env=self.environment(), stdin=subprocess.DEVNULL,
                stdout=output, stderr=output and subprocess.STDOUT, close_fds=False,
            )
        if result.returncode == 0:
            return
        if self.step.screen:
            raise StepError(f"{self.step.name} failed (status {result.returncode}); see above")
        print("".join(self.log.read_text(errors="replace").splitlines(True)[-30:]), file=sys.stderr)
        raise StepError(f"{self.step.name} failed (status {result.returncode}); the whole log is {self.log}")

    def environment(self):
        passed = {
            name: value
            for name, value in os.environ.items()
            if self.step.screen or name in PASSED or name.startswith(PASSED_PREFIXES)
        }
        own = {"HERE": graph.PYTHON_WASM, "OUT": OUT, "TARGET": self.tree, "RESULT": self.tree / "python-wasm"}
        own |= {"NAME": self.step.argument, "STEP_LOG": self.log}
        # The day of the 2.7.18 release: sources that ask for the date get this one.
        fixed = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": "1587340800", "PYTHONDONTWRITEBYTECODE": "1"}
        return {**passed, **fixed, **{name: str(value) for name, value in own.items()}}

    def require_result(self):
        for place in self.places:
            if not (self.tree / place).exists():
                raise StepError(f"{self.step.name} did not make {place}; see {self.log}")

    def require_no_paths(self):
        """What the cache holds serves in any folder."""
        for path in (file for place in self.places for file in graph.files_below(self.tree / place)):
            content = path.read_bytes()
            for folder in (OUT, graph.PYTHON_WASM):
                if os.fsencode(folder) + b"/" in content:
                    where = path.relative_to(self.tree)
                    raise StepError(f"{self.step.name} leaves {folder} in {where}, which another folder cannot use")

    def publish(self):
        """Moves the result to where it belongs; the stamp says that all of it is there."""
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        self.stamp.unlink(missing_ok=True)
        for number, place in enumerate(self.places):
            target = TARGET / place
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir() and not target.is_symlink():
                target.rename(self.work / f"old-{number}")
            os.replace(self.tree / place, target)
        fresh = self.stamp.with_name(f"{self.stamp.name}.new")
        fresh.write_text(self.key, encoding="utf-8")
        os.replace(fresh, self.stamp)
        shutil.rmtree(self.work, ignore_errors=True)


def below_target(name):
    return name[1:] if name.startswith("/") else f"python-wasm/{name}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
