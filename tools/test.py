#!/usr/bin/env python3
"""Runs every check of the project and counts what they say.

    tools/test.py            formatting, clippy, every test, the matrix as a sample
    tools/test.py --matrix   the whole matrix alone; everything must be built

Each step's output is shown as it comes. The last line is
`N passed, N failed`; the exit code is zero when nothing failed.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

# What cargo's tests say, and Python's.
RESULT = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored")
RAN = re.compile(r"^Ran (\d+) tests?")
NOT_PASSED = re.compile(r"(?:failures|errors|skipped|unexpected successes)=(\d+)")

FORMATTING = ("formatting", ["cargo", "fmt", "--all", "--check"])
# Beside the next two: its last step is one thread's, for minutes. It has a
# folder of its own in the target folder. The provider embeds what it makes, so
# its crate is built once more after it.
FUNCTIONS = ("functions", [sys.executable, "tools/build_functions.py", "--all"])
BUILD = ("build", ["cargo", "build", "--workspace", "--bins"])
TOOLS = ("tests of the tools", [sys.executable, "-m", "unittest", "discover", "--start-directory", "tools/tests"])
TESTS = ("build of the tests", ["cargo", "test", "--workspace", "--no-run", "--quiet"])
# Clippy is rustc with more lints. As the compiler of the workspace's crates it
# says in one build what `cargo clippy --workspace --all-targets -- -D warnings`
# says in two, of which the other checks twenty SDK crates for nothing else.
# Cargo hands the arguments over in this form.
CLIPPY = {
    "RUSTC_WORKSPACE_WRAPPER": "clippy-driver",
    "CLIPPY_ARGS": "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__",
}
# What waits for pipelines to come and go more than it computes: beside all
# other tests.
LONG = ["brought", "drift", "examples", "failure", "kill", "limits", "ownership", "vanish", "weather"]
# Of them what samples, in lanes of its own when it does not: the second waits
# nearly all of its time, for what AWS lets be made in a minute.
LANES = (["kill"], ["ownership"], ["drift", "failure", "vanish"])
RUN = ["cargo", "test", "--workspace", "--no-fail-fast"]


def chosen(names):
    return [word for name in names for word in ("--test", name)]


def tests():
    """The steps that test, of which the first two run at once."""
    metadata = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version", "1"], stdout=subprocess.PIPE, text=True, check=True
    )
    targets = [target for package in json.loads(metadata.stdout)["packages"] for target in package["targets"]]
    names = sorted({target["name"] for target in targets if target["kind"] == ["test"]} - set(LONG))
    return (
        ("tests", [*RUN, "--lib", "--bins", *chosen(names)]),
        ("tests of whole lives", [*RUN, *chosen(LONG)]),
        ("tests in documentation", [*RUN, "--doc"]),
    )


def missing():
    """A sentence for each program that is not there."""
    if sys.version_info < (3, 10):
        yield "Python 3.10 or newer is needed; this is " + sys.version.split()[0] + "."
    if shutil.which("cargo") is None:
        yield "Rust is missing: install it from https://rustup.rs."
    elif shutil.which("clippy-driver") is None:
        yield "Clippy is missing: rustup component add clippy."
    if shutil.which("terraform") is None and shutil.which("tofu") is None:
        yield (
            "Terraform is missing: install Terraform 1.11 or newer "
            "(https://developer.hashicorp.com/terraform/install) and run this again."
        )


class Step:
    """A command whose output is shown when it is waited for, and what of it passed."""

    def __init__(self, name, command):
        self.name, self.command, self.began = name, command, time.monotonic()
        # A file: a pipe that nobody reads would stop it.
        self.output = tempfile.NamedTemporaryFile("w+")
        self.process = subprocess.Popen(command, stdout=self.output, stderr=subprocess.STDOUT, text=True)

    def lines(self):
        """As they come."""
        with open(self.output.name) as reader:
            rest, ended = "", False
            while not ended:
                ended = self.process.poll() is not None
                rest += reader.read()
                *whole, rest = rest.split("\n")
                yield from (line + "\n" for line in whole)
                if not ended:
                    time.sleep(0.2)
            if rest:
                yield rest

    def result(self):
        """Waits; returns what passed and what failed."""
        print(f"== {self.name}: {' '.join(self.command)}", flush=True)
        passed = failed = 0
        for line in self.lines():
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
        code = self.process.wait()
        if not self.name.startswith("tests") or (code != 0 and failed == 0):
            passed, failed = passed + (code == 0), failed + (code != 0)
        print(f"== {self.name}: {passed} passed, {failed} failed, {time.monotonic() - self.began:.0f} s", flush=True)
        return passed, failed


def everything():
    results = [Step(*FORMATTING).result()]
    functions = Step(*FUNCTIONS)
    os.environ |= CLIPPY
    results += [Step(*step).result() for step in (TOOLS, BUILD)]
    results.append(functions.result())
    results += [Step(*step).result() for step in (BUILD, TESTS)]
    short, long, documentation = tests()
    both = [Step(*short), Step(*long)]
    results += [step.result() for step in both]
    results.append(Step(*documentation).result())
    return results


def matrix():
    os.environ["TAP_MATRIX"] = "whole"
    # Thousands of providers are started and killed: what is released takes half
    # the time of a debug build, and is what is to be shown to withstand it.
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")).resolve()
    os.environ["TAP_PROVIDER"] = str(target / "released" / "terraform-provider-tap")
    built = Step("build of the tests", [*RUN, "--no-run", "--quiet", *chosen(sum(LANES, []))]).result()
    lanes = [Step(f"tests of {', '.join(names)}", [*RUN, *chosen(names)]) for names in LANES]
    return [built, *(lane.result() for lane in lanes)]


def main(arguments):
    sentences = list(missing())
    if sentences:
        print("\n".join(sentences), file=sys.stderr)
        return 1
    if arguments not in ([], ["--matrix"]):
        print(__doc__, file=sys.stderr)
        return 2
    began = time.monotonic()
    results = matrix() if arguments else everything()
    passed = sum(p for p, _ in results)
    failed = sum(f for _, f in results)
    print(f"{(time.monotonic() - began) / 60:.0f} minutes")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
