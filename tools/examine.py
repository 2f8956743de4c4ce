#!/usr/bin/env python3
"""Holds the templates of the examples against cfn-lint, checkov and cdk-nag.

    tools/examine.py              the examples, planned by Terraform
    tools/examine.py FILE...      templates that are there already

A table for each tool says of each control what became of it. The last line is
`N passed, N failed`; the exit code is zero when nothing failed.
"""

import pathlib
import sys
import tempfile

from exam import Failed, controls, environments, judges, templates

STANCES = environments.HERE / "controls.csv"

# What is wrong with a row, by its stance.
STALE = {
    "pass": "it was applied to nothing: the row is to say absent",
    "waive": "the waiver of {!r} hits nothing; remove it",
    "evidence": "there is nothing for which {!r} is evidence; remove it",
    "absent": "it was applied to something: the row is to say pass",
}


def report(findings, stances):
    """Prints the tables; returns how many controls passed and how many did not."""
    verdicts = controls.judge(findings, stances)
    for tool in sorted({verdict.tool for verdict in verdicts}):
        print(f"\n{tool}\n")
        print(f"  {'control':44} {'passed':>6} {'evident':>7} {'waived':>6} {'failed':>6}")
        for verdict in verdicts:
            if verdict.tool == tool:
                row(verdict)
    absent = sorted(row.control for row in stances if row.stance == "absent")
    print(f"\nno resource is of their kind: {', '.join(absent)}")
    failed = sum(bool(verdict.failed or verdict.stale) for verdict in verdicts)
    return len(verdicts) - failed, failed


def row(verdict):
    counts = (verdict.passed, len(verdict.evident), len(verdict.waived), len(verdict.failed))
    print(f"  {verdict.control:44} {counts[0]:6} {counts[1]:7} {counts[2]:6} {counts[3]:6}")
    for reason in sorted({waiver.reason for _, waiver in verdict.waived}):
        print(f"      waived: {reason}")
    for finding in sorted(verdict.failed, key=lambda one: (one.template, one.where)):
        print(f"      FAILED: {finding.template}: {finding.where}: {finding.text}")
    for stance in verdict.stale:
        print(f"      FAILED: {STALE[stance.stance].format(stance.where)}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        try:
            given = {pathlib.Path(file).stem: pathlib.Path(file).resolve() for file in sys.argv[1:]}
            files = given or templates.rendered(pathlib.Path(folder))
            findings = judges.all_findings(files)
            passed, failed = report(findings, controls.read(STANCES))
        except (Failed, ValueError) as problem:
            print(f"{problem}\n0 passed, 1 failed")
            return 1
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
