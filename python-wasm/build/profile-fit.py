#!/usr/bin/env python3
"""Tells from the compiler's own warnings how well the profile fits what was compiled; fails when it does not.

    profile-fit.py LOG RESULT.json

A function that differs from the profiled one goes without profile: slower, and silently so.
"""

import json
import pathlib
import re
import sys

# What fitted on the day the profile was made, and some room for patches. Beyond it: `make profile`.
MOST_MISMATCHED = 75
MOST_MISSING = 110

OUT_OF_DATE = re.compile(r"profile data may be out of date: of (\d+) functions?, (\d+) ha(?:s|ve) mismatched data")
INCOMPLETE = re.compile(r"profile data may be incomplete: of (\d+) functions?, (\d+) ha(?:s|ve) no data")


def main(arguments):
    if len(arguments) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    log = pathlib.Path(arguments[0]).read_text(encoding="utf-8", errors="replace")
    mismatched, missing = (sum(int(count) for _, count in kind.findall(log)) for kind in (OUT_OF_DATE, INCOMPLETE))
    result = {"mismatched": mismatched, "missing": missing}
    result |= {"most_mismatched": MOST_MISMATCHED, "most_missing": MOST_MISSING}
    pathlib.Path(arguments[1]).write_text(json.dumps(result) + "\n", encoding="utf-8")
    print(
        f"profile: {mismatched} functions differ from the profiled ones (at most {MOST_MISMATCHED}), "
        f"{missing} have no counts (at most {MOST_MISSING})"
    )
    if mismatched > MOST_MISMATCHED or missing > MOST_MISSING:
        print("profile: it does not fit these sources. Next step: make profile, and commit python-wasm/profile")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
