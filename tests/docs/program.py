"""What a program takes, asked of the program itself: its `--help`, and that of its subcommands."""

import functools
import re
import subprocess

LIMIT = 60
FLAG = re.compile(r"^\s+(?:(-\w), )?(--[\w-]+)|^\s+(-\w)\b", re.MULTILINE)
SUBCOMMAND = re.compile(r"^  (\w[\w-]*)(?:  |$)", re.MULTILINE)


class Program:
    """A program whose arguments are defined with clap."""

    def __init__(self, path):
        self.path = path

    @functools.cache  # noqa: B019 - lives as long as the process
    def help(self, *subcommands):
        """The long help of a subcommand, or of the program."""
        call = [str(self.path), *subcommands, "--help"]
        done = subprocess.run(call, capture_output=True, text=True, timeout=LIMIT, check=False)
        if done.returncode != 0:
            raise ValueError(f"{' '.join(call)} ends with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def subcommands(self, *of):
        """The names of the subcommands of a subcommand, or of the program."""
        found = re.search(r"^Commands:\n((?:  .*\n|\n(?=  ))+)", self.help(*of), re.MULTILINE)
        return SUBCOMMAND.findall(found[1]) if found else []

    def flags(self, *of):
        """Its options, short and long."""
        return {flag for found in FLAG.findall(self.help(*of)) for flag in found if flag}

    def every_flag(self, *of):
        """Its options and those of all its subcommands."""
        nested = [self.every_flag(*of, name) for name in self.subcommands(*of) if name != "help"]
        return self.flags(*of).union(*nested)

    def complaint(self, arguments):
        """Says what of a call's arguments the program does not take, or None."""
        command = []
        for argument in arguments:
            known = self.subcommands(*command)
            if argument == "--":
                break
            if argument.startswith("-") and len(argument) > 1:
                flag = argument.split("=", 1)[0]
                if flag not in self.flags(*command):
                    return f"{self._name(command)} takes no {flag}"
            elif argument in known:
                command.append(argument)
            elif known and re.fullmatch(r"[a-z][\w-]*", argument):
                return f"{self._name(command)} has no subcommand {argument}"
        return None

    def _name(self, command):
        return " ".join([self.path.name, *command])
