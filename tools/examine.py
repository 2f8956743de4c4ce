#!/usr/bin/env python3
"""Holds the templates of the examples against cfn-lint, checkov, cdk-nag and
rules of our own, and all of that against our stance on 433 controls.

    tools/examine.py              the examples, planned by Terraform
    tools/examine.py FILE...      templates that are there already

A table for each tool says of each control what became of it, and one for each
source of controls what became of those. The last line is `N passed, N failed`;
the exit code is zero when nothing failed.
"""

import json
import pathlib
import sys
import tempfile

from exam import Failed, catalogue, controls, environments, judges, properties, templates

STANCES = environments.HERE / "controls.csv"
CATALOGUE = environments.HERE / "catalogue.csv"

# What is wrong with a row of controls.csv, by its stance.
STALE = {
    "pass": "it was applied to nothing: the row is to say absent",
    "waive": "the waiver of {!r} hits nothing; remove it",
    "evidence": "there is nothing for which {!r} is evidence; remove it",
    "absent": "it was applied to something: the row is to say pass",
}

# What becomes of a control, and how a count of those is called.
RESULTS = {
    "passed": "passed",
    "waived": "waived",
    "reported": "reported",
    "shown": "shown by make requirements",
    "failed": "failed",
}


def report(verdicts, stances):
    """Prints what the tools say."""
    for tool in sorted({verdict.tool for verdict in verdicts}):
        print(f"\n{tool}\n")
        print(f"  {'control':44} {'passed':>6} {'evident':>7} {'waived':>6} {'failed':>6}")
        for verdict in verdicts:
            if verdict.tool == tool:
                row(verdict)
    absent = sorted(row.control for row in stances if row.stance == "absent")
    print(f"\nno resource is of their kind: {', '.join(absent)}")


def row(verdict):
    counts = (verdict.passed, len(verdict.evident), len(verdict.waived), len(verdict.failed))
    print(f"  {verdict.control:44} {counts[0]:6} {counts[1]:7} {counts[2]:6} {counts[3]:6}")
    for reason in sorted({waiver.reason for _, waiver in verdict.waived}):
        print(f"      waived: {reason}")
    for finding in sorted(verdict.failed, key=lambda one: (one.template, one.where)):
        print(f"      FAILED: {finding.template}: {finding.where}: {finding.text}")
    for stance in verdict.stale:
        print(f"      FAILED: {STALE[stance.stance].format(stance.where)}")


def report_catalogue(outcomes, missing):
    """Prints what became of the controls: of each source a count, and all that
    did not just pass."""
    for source in sorted({outcome.row.source for outcome in outcomes}):
        ours = [outcome for outcome in outcomes if outcome.row.source == source]
        print(f"\n{source}: {counted(ours)}\n")
        for outcome in ours:
            if outcome.result != "passed":
                control(outcome)
    otherwise = [outcome.row for outcome in outcomes if outcome.row.given != outcome.row.stance]
    print(f"\n{len(otherwise)} are decided otherwise than the project was given them:\n")
    for row in otherwise:
        print(f"  {row.name}: {row.given}, and here {row.stance}: {row.reason}")
    for one in missing:
        print(f"\nFAILED: the catalogue: {one}")
    print(f"\n{len(outcomes)} controls: {counted(outcomes)}")


def control(outcome):
    row = outcome.row
    judge = " and ".join(row.judges)
    where = "" if row.where in ((), ("*",)) else f" at {' '.join(row.where)}"
    print(f"  {outcome.result:8}  {row.control:44} {judge}{where}")
    about = row.reason or row.title
    if about and outcome.result != "shown":
        print(f"            {about}")
    for wrong in outcome.wrong:
        print(f"      FAILED: {wrong}")


def counted(outcomes):
    results = [outcome.result for outcome in outcomes]
    return ", ".join(f"{results.count(result)} {called}" for result, called in RESULTS.items())


def examine(files, stances, rows):
    """Prints the tables; returns how many controls passed and how many did not.
    A control that a tool judges and a row is about is counted with that row."""
    verdicts = controls.judge(judges.all_findings(files), stances)
    report(verdicts, stances)
    rendered = [properties.Template(name, json.loads(file.read_text())) for name, file in files.items()]
    exam = catalogue.Exam(verdicts, rendered, catalogue.requirements())
    outcomes = catalogue.judge(rows, exam)
    missing = list(catalogue.incomplete(rows, stances))
    report_catalogue(outcomes, missing)
    named = {(row.source, row.control) for row in rows}
    others = [bool(one.failed or one.stale) for one in verdicts if (one.tool, one.control) not in named]
    results = [outcome.result for outcome in outcomes]
    passed = results.count("passed") + results.count("waived") + others.count(False)
    return passed, results.count("failed") + others.count(True) + len(missing)


def main():
    with tempfile.TemporaryDirectory() as folder:
        try:
            given = {pathlib.Path(file).stem: pathlib.Path(file).resolve() for file in sys.argv[1:]}
            stances, rows = controls.read(STANCES), catalogue.read(CATALOGUE)
            files = given or templates.rendered(pathlib.Path(folder))
            passed, failed = examine(files, stances, rows)
        except (Failed, ValueError) as problem:
            print(f"{problem}\n0 passed, 1 failed")
            return 1
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
