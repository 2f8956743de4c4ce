#!/usr/bin/env python3
"""Runs every check of the project and counts what they say.

Each step's output is shown as it comes. The last line is
`N passed, N failed`; the exit code is zero when nothing failed.
"""

import re
import shutil
import subprocess
import sys
import time

# What cargo's tests say, and Python's.
RESULT = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored")
RAN = re.compile(r"^Ran (\d+) tests?")
NOT_PASSED = re.compile(r"(?:failures|errors|skipped|unexpected successes)=(\d+)")

STEPS = [
    ("formatting", ["cargo", "fmt", "--all", "--check"]),
    ("clippy", ["cargo", "clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]),
    ("tests of the tools", [sys.executable, "-m", "unittest", "discover", "--start-directory", "tools/tests"]),
    # Before the provider, which embeds them.
    ("functions", [sys.executable, "tools/build_functions.py", "--all"]),
    ("build", ["cargo", "build", "--workspace", "--bins"]),
    ("tests", ["cargo", "test", "--workspace", "--no-fail-fast"]),
]


def missing():
    """A sentence for each program that is not there."""
    if sys.version_info < (3, 10):
        yield "Python 3.10 or newer is needed; this is " + sys.version.split()[0] + "."
    if shutil.which("cargo") is None:
        yield "Rust is missing: install it from https://rustup.rs."
    if shutil.which("terraform") is None and shutil.which("tofu") is None:
        yield (
            "Terraform is missing: install Terraform 1.8 or newer "
            "(https://developer.hashicorp.com/terraform/install) and run this again."
        )


def run(name, command):
    """Runs one step; returns what passed and what failed."""
    print(f"== {name}: {' '.join(command)}", flush=True)
    began = time.monotonic()
    passed = failed = 0
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        print(line, end="", flush=True)
        if match := RESULT.match(line):
            passed += int(match[1])
            # An ignored test is one that does not run: it counts as failed.
            failed += int(match[2]) + int(match[3])
        elif match := RAN.match(line):
            passed += int(match[1])
        elif line.startswith(("FAILED (", "OK (")):
            missed = sum(map(int, NOT_PASSED.findall(line)))
            passed, failed = passed - missed, failed + missed
    code = process.wait()
    if not name.startswith("tests") or (code != 0 and failed == 0):
        passed, failed = passed + (code == 0), failed + (code != 0)
    print(f"== {name}: {passed} passed, {failed} failed, {time.monotonic() - began:.0f} s", flush=True)
    return passed, failed


def main():
    sentences = list(missing())
    if sentences:
        print("\n".join(sentences), file=sys.stderr)
        return 1
    results = [run(name, command) for name, command in STEPS]
    passed = sum(p for p, _ in results)
    failed = sum(f for _, f in results)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
