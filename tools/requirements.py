#!/usr/bin/env python3
"""The table of the requirements, R001 to R130: passed, failed or template-only,
with evidence.

Runs the acceptance test that makes it. The last line is `N passed, N failed`;
the exit code is zero when nothing failed, neither a row nor the applies and
destroys around them.
"""

import re
import subprocess
import sys

TEST = ["cargo", "test", "--workspace", "--quiet", "--test", "requirements", "--", "--nocapture"]
COUNTS = re.compile(r"^\d+ passed, \d+ failed$")


def main():
    process = subprocess.Popen(TEST, stdout=subprocess.PIPE, text=True)
    counts = "0 passed, 1 failed"
    for line in process.stdout:
        if COUNTS.match(line):
            counts = line.rstrip()
        print(line, end="", flush=True)
    code = process.wait()
    print(counts)
    return code


if __name__ == "__main__":
    sys.exit(main())
