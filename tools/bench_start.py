#!/usr/bin/env python3
"""The section `start` alone: what a cold start of the functions costs, beside
Python's. The last line is `bench: ` and the figures as JSON.

    tools/bench_start.py [--quick]
"""

import json
import sys
import types

from functions_bench import start


def main():
    figures = start.run(types.SimpleNamespace(quick="--quick" in sys.argv[1:]))
    print("bench: " + json.dumps({"start": figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
