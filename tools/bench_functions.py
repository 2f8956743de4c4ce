#!/usr/bin/env python3
"""Figures of the functions, in one run: `make bench-functions`.

    tools/bench_functions.py [SECTION...] [--quick] [--text NAME=FILE...]

Sections, all when none is named:

    scanner   MB/s per core, beside Python's `re` with the same patterns,
              Presidio's pattern recognisers and a plain memchr pass
    peers     precision, recall and F1 on the labelled corpus, beside the first
              documents' regular expressions and Presidio
    start     zip size, cold start and memory, beside the same handlers in
              Python on the same runtime API

`--text` adds a text to the scanner's, such as the text of a corpus of PDFs.
`--quick` takes fewer rounds and shorter texts.

A section is a module of `functions_bench/` with a function `run(options)`
that prints its tables and returns its figures. The last line of the output is
`bench: ` and all figures as JSON.
"""

import argparse
import importlib
import json
import pathlib
import sys

# The sections' modules lie in the repository.
sys.dont_write_bytecode = True

SECTIONS = ["scanner", "peers", "start"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="fewer rounds, shorter texts")
    parser.add_argument("--text", action="append", default=[], metavar="NAME=FILE", help="one more text for the scanner")
    options = parser.parse_args()
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    if wrong := [text for text in options.text if "=" not in text or not pathlib.Path(text.split("=", 1)[1]).is_file()]:
        parser.error(f"not NAME=FILE with a file that is there: {', '.join(wrong)}")
    figures = {}
    for section in options.sections or SECTIONS:
        print(f"== {section}", flush=True)
        figures[section] = importlib.import_module(f"functions_bench.{section}").run(options)
        print(flush=True)
    print("bench: " + json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
