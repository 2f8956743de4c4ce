#!/usr/bin/env python3
"""Prints what to put before an arm64 program to run it on this machine.

    $(tools/arm64.py) target/aarch64-unknown-linux-gnu/functions/bootstrap parse ...

Nothing on an arm64 machine. Elsewhere it is a program that stays in the
target folder; a child that the arm64 program starts is run by it as well.
Where it cannot be done, a sentence says why, and the exit code is 1.
"""

import pathlib
import sys

from bundle import Failed, Unavailable, qemu
from bundle.cargo import Workspace

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    try:
        print(*qemu.prefix(Workspace(ROOT).target / "bundle-tools"))
    except (Failed, Unavailable) as cause:
        print(f"{cause}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
