"""How fast the scanner is, beside others on the same texts.

All count the time of their own core, so other work on the machine matters
little. The contestants take turns; every figure is the median of the rounds,
and a ratio that of the rounds' ratios.
"""

import json
import pathlib
import re
import statistics
import time

from . import programs

#: The longest texts that each contestant gets; the slow ones would take hours.
SCANNER_BYTES = 8_000_000
PYTHON_BYTES = 500_000
PRESIDIO_BYTES = {"prose": 40_000, "log": 8_000, "random": 20_000, "pdf": 20_000}


def run(options):
    rounds, scanner_bytes, python_bytes = (3, 2_000_000, 200_000) if options.quick else (7, SCANNER_BYTES, PYTHON_BYTES)
    example = programs.example("bench_scanner")
    folder = programs.TARGET / "bench-functions" / "texts"
    folder.mkdir(parents=True, exist_ok=True)
    programs.output(example, "texts", folder, scanner_bytes)
    files = {name: folder / name for name in ("prose", "log", "random", "pdf")}
    for text in options.text:
        name, file = text.split("=", 1)
        files[name] = pathlib.Path(file)
    python = Python(json.loads((folder / "expressions.json").read_text()))
    texts = {name: file.read_bytes()[:python_bytes] for name, file in files.items()}

    new, documents, rows = [], [], {name: [] for name in files}
    with programs.Presidio() as presidio:
        for _ in range(rounds):
            speed = json.loads(programs.output(example, "speed", *files.values()))
            new.append(speed["new"])
            documents.append(json.loads(programs.output(example, "documents")))
            for name, file in files.items():
                short = texts[name][: PRESIDIO_BYTES.get(name, 20_000)]
                row = speed[str(file)]
                row["python"] = python.rate(texts[name])
                row["presidio"] = len(short) / presidio.ask({"time": short.decode("latin-1")})
                rows[name].append(row)
    return report(new, documents, rows)


def report(new, documents, rows):
    print("MB/s of one core   first text    then   memchr  Python re  Presidio   x Python  x Presidio   of memchr")
    figures = {"new_ms": round(statistics.median(new) * 1000, 2), "texts": {}}
    for name, rounds in rows.items():
        rate = {key: statistics.median(row[key] for row in rounds) / 1e6 for key in rounds[0]}
        over = {key: statistics.median(row["warm"] / row[key] for row in rounds) for key in ("python", "presidio", "memchr")}
        print(
            f"{name:18} {rate['cold']:10.1f} {rate['warm']:7.1f} {rate['memchr']:8.0f} {rate['python']:10.2f} {rate['presidio']:9.3f}"
            f" {over['python']:10.1f} {over['presidio']:11.0f} {over['memchr']:11.4f}"
        )
        figures["texts"][name] = {
            "cold_mb_s": round(rate["cold"], 1),
            "mb_s": round(rate["warm"], 1),
            "memchr_mb_s": round(rate["memchr"]),
            "python_re_mb_s": round(rate["python"], 2),
            "presidio_mb_s": round(rate["presidio"], 3),
            "times_python_re": round(over["python"], 1),
            "times_presidio": round(over["presidio"]),
            "of_memchr": round(over["memchr"], 4),
        }
    print(f"Scanner::new takes {figures['new_ms']} ms")
    median = {key: statistics.median(row[key] for row in documents) for key in documents[0]}
    figures["pdf_documents"] = {
        "documents": median["documents"], "pages": median["pages"], "mb": round(median["bytes"] / 1e6, 2),
        "parsed_mb_s": round(median["parsed"] / 1e6, 2), "parsed_pages_s": round(median["pages_parsed"]),
        "scanned_mb_s": round(median["scanned"] / 1e6, 2), "scanned_pages_s": round(median["pages_scanned"]),
    }
    of = figures["pdf_documents"]
    print(
        f"{of['documents']} PDFs of {of['mb']} MB and {of['pages']} pages: parsed at {of['parsed_mb_s']} MB/s of file and"
        f" {of['parsed_pages_s']} pages/s, parsed and scanned at {of['scanned_mb_s']} MB/s and {of['scanned_pages_s']} pages/s"
    )
    return figures


class Python:
    """Python's `re` with the scanner's own expressions, on bytes, in the
    quicker of the two ways: one after the other, or all in one."""

    def __init__(self, expressions):
        expressions = [expression.encode("latin-1") for expression in expressions]
        self.ways = [
            [re.compile(expression) for expression in expressions],
            [re.compile(b"|".join(b"(?:%s)" % expression for expression in expressions))],
        ]

    def rate(self, text):
        seconds = []
        for way in self.ways:
            began = time.process_time()
            for expression in way:
                for _ in expression.finditer(text):
                    pass
            seconds.append(time.process_time() - began)
        return len(text) / min(seconds)
