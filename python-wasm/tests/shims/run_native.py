"""Runs the tests of the shims in a native python2.7. Python 3.

    run_native.py PYTHON27 [--packages FOLDER] [TEST...]

FOLDER holds requests and httplib2 with what they need; tests that want them are left out without it. Inside of the
sandbox the same tests run as scripts, with the servers' addresses as BASE_URL and TLS_URL in front of them.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import threading

import bridge
import loopback

HERE = os.path.dirname(os.path.abspath(__file__))
SHIMS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "shims")


def run(python, packages, script, urls, ca_file):
    to_bridge, questions = os.pipe()
    answers, from_bridge = os.pipe()
    host = bridge.Bridge(ca_file)
    thread = threading.Thread(target=host.serve, args=(os.fdopen(to_bridge, "rb"), os.fdopen(from_bridge, "wb")), daemon=True)
    thread.start()
    done = subprocess.run([python, "-S", os.path.join(HERE, "guest.py"), str(questions), str(answers), SHIMS, packages or "", script,
                           *urls], pass_fds=(questions, answers), stdin=subprocess.DEVNULL)
    os.close(questions)
    os.close(answers)
    thread.join(5)
    return done.returncode


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("python")
    parser.add_argument("--packages")
    parser.add_argument("tests", nargs="*")
    options = parser.parse_intermixed_args()
    tests = options.tests or sorted(name for name in os.listdir(HERE) if name.startswith("test_"))
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        ca_file, certificate, key = loopback.certificates(folder)
        urls = ["http://127.0.0.1:%d" % loopback.start(), "https://localhost:%d" % loopback.start(certificate, key)]
        for test in tests:
            print("== " + test, flush=True)
            if run(options.python, options.packages, os.path.join(HERE, test), urls, ca_file):
                failed.append(test)
    print("failed: " + ", ".join(failed) if failed else "all passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
