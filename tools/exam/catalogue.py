"""The 433 controls, from catalogue.csv: our stance on each, what decides it, and
what a run of the exam makes of that.

A row's `judge` is one of these, or several joined by ` and `:

    tool:TOOL:CONTROL  a control that a tool judges: the row's own, or one that
                       asks for the same property or more under another name
    template:RULE      a rule of ours over the templates (the package properties)
    absent:TYPE,...    no template has a resource of these types
    requirement:R000   what no template shows, and that row of the requirements
                       does; counted apart, as shown by `make requirements`
    account            of the account: its users, or what it has one of. No
                       template shows it; counted apart, as reported
    waive              nothing can decide it, and the reason says why

Its `stance` is `pass`, `waive` (not met by what `where` names, for the reason
given, and met by everything else), `report`, or `optional`, which is a pass
with a reason. `where` holds patterns as in controls.csv, with a space between.

`given` is the stance of the list that the project was given. Where ours is
another, there is a reason, and the exam says so.

Whatever controls.csv waives, a row here names, with the same `where` and reason.
"""

import csv
import dataclasses
import fnmatch
import re

from . import environments, properties

# How many controls each source had in the list that the project was given
# (433 rows, columns as here without `judge`, `where` and `reason`).
SOURCES = {
    "AWS FSBP": 61,
    "Config pack PCI v3.2.1": 56,
    "Config pack PCI v4.0": 34,
    "SecurityHub PCI v4.0.1": 47,
    "cdk-nag AwsSolutions": 25,
    "cdk-nag PCI.DSS.321": 32,
    "checkov": 97,
    "guard-rules PCI-DSS-3-2-1": 29,
    "prowler pci_4.0_aws": 52,
}
STANCES = ("pass", "waive", "report", "optional")
REASONED = ("waive", "optional")
KINDS = re.compile(
    r"tool:[^:]+:.+|template:\w+|absent:AWS::\w+::\w+(,AWS::\w+::\w+)*|requirement:R\d{3}|account|waive"
)
CHECKS = environments.ROOT / "acceptance" / "tests" / "requirements" / "checks"


@dataclasses.dataclass(frozen=True)
class Row:
    source: str
    control: str
    title: str
    scope: str
    given: str
    stance: str
    judges: tuple
    where: tuple
    reason: str

    @property
    def name(self):
        return f"{self.source} {self.control}"


@dataclasses.dataclass
class Outcome:
    """What became of a row: passed, waived, shown, reported or failed."""

    row: Row
    result: str
    wrong: list


class Exam:
    """What a run has found, as the judges ask for it."""

    def __init__(self, verdicts, templates, requirements):
        self.verdicts = {(one.tool, one.control): one for one in verdicts}
        self.rules = {}
        for finding in properties.findings(templates):
            self.rules.setdefault(finding.control, []).append(finding)
        self.types = {kind for template in templates for kind in template.types()}
        self.requirements = requirements


def read(path):
    """The rows; ValueError says which one is no row."""
    with open(path, newline="") as file:
        rows = [
            Row(
                r["source"], r["control_id"], r["title"], r["scope"], r["given"], r["stance"],
                tuple(r["judge"].split(" and ")), tuple(r["where"].split()), r["reason"].strip(),
            )
            for r in csv.DictReader(file)
        ]
    seen = set()
    for row in rows:
        wrong = malformed(row)
        if (row.source, row.control) in seen:
            wrong = "stands there twice"
        if wrong:
            raise ValueError(f"{path}: {row.name}: {wrong}")
        seen.add((row.source, row.control))
    return rows


def malformed(row):
    """What of a row contradicts itself."""
    if row.stance not in STANCES:
        return f"{row.stance!r} is none of {', '.join(STANCES)}"
    for judge in row.judges:
        if not KINDS.fullmatch(judge):
            return f"{judge!r} is no judge"
    if row.stance in REASONED and not row.reason:
        return f"{' and '.join(REASONED)} have a reason"
    if row.given != row.stance and not row.reason:
        return f"it was given as {row.given!r}; there is a reason for another stance"
    if (row.stance == "waive") != bool(row.where):
        return "a waiver says of what, and nothing else does"
    if len(row.judges) > 1 and {"account", "waive"} & set(row.judges):
        return "account and waive stand alone"
    if (row.stance == "report") != (row.judges == ("account",)):
        return "what is reported has the judge account, and nothing else has it"
    if row.stance == "report" and row.scope != "account":
        return "what is reported is of the account"
    if row.judges == ("waive",) and row.stance != "waive":
        return "the judge waive is a waiver's"
    return None


def requirements(folder=CHECKS):
    """The rows of the table of requirements: each is a function of the checks."""
    texts = [file.read_text() for file in sorted(folder.glob("*.py"))]
    return {f"R{number}" for text in texts for number in re.findall(r"^def r(\d{3})\(", text, re.MULTILINE)}


def judge(rows, exam):
    return [outcome(row, exam) for row in rows]


def outcome(row, exam):
    if row.stance == "report":
        wrong = judged_itself(row, exam)
        return Outcome(row, "failed" if wrong else "reported", wrong)
    wrong, hit = judged_itself(row, exam), set()
    for one in row.judges:
        more, waived = decide(one, row, exam)
        wrong += more
        hit |= waived
    if row.judges != ("waive",):
        wrong += [f"it is met by {where!r}: nothing is to waive there" for where in row.where if where not in hit]
    if wrong:
        return Outcome(row, "failed", wrong)
    if row.stance == "waive":
        return Outcome(row, "waived", [])
    return Outcome(row, "shown" if any(one.startswith("requirement:") for one in row.judges) else "passed", [])


def judged_itself(row, exam):
    """A tool that judges the control itself is its judge."""
    own = f"tool:{row.source}:{row.control}"
    if (row.source, row.control) in exam.verdicts and own not in row.judges:
        return [f"the tool judges it itself, and its judge is {' and '.join(row.judges)}"]
    return []


def decide(judge, row, exam):
    """What one judge finds wrong, and which `where` of the row it hits."""
    kind, _, name = judge.partition(":")
    if kind == "tool":
        return by_tool(exam.verdicts.get(tuple(name.rsplit(":", 1))), judge, row)
    if kind == "template":
        return by_rule(exam.rules.get(name, []), name, row)
    if kind == "absent":
        there = sorted(exam.types & set(name.split(",")))
        return [f"there is {one}" for one in there], set()
    if kind == "requirement":
        known = name in exam.requirements
        return [] if known else [f"the requirements have no row {name}"], set()
    return [], set()


def by_tool(verdict, judge, row):
    if verdict is None or not (verdict.passed or verdict.evident or verdict.waived or verdict.failed):
        return [f"{judge} judged nothing"], set()
    wrong = [f"{one.template}: {one.where}: {one.text}" for one in verdict.failed]
    wrong += [f"controls.csv: {one.stance} of {one.where!r} is not so" for one in verdict.stale]
    waived = {stance.where for _, stance in verdict.waived}
    wrong += [f"controls.csv waives {where!r}, and this row does not" for where in sorted(waived - set(row.where))]
    return wrong, waived


def by_rule(findings, name, row):
    if name not in properties.RULES:
        return [f"there is no rule {name}"], set()
    if not findings:
        return [f"{name} was applied to nothing"], set()
    wrong, hit = [], set()
    for one in findings:
        if one.passed:
            continue
        waiving = {where for where in row.where if fnmatch.fnmatchcase(one.where, where)}
        hit |= waiving
        if not waiving:
            wrong.append(f"{one.template}: {one.where}: {one.text}")
    return wrong, hit


def incomplete(rows, stances, sources=None):
    """What the catalogue does not say, though it is to: a sentence each."""
    sources = SOURCES if sources is None else sources
    found = {source: sum(row.source == source for row in rows) for source in {row.source for row in rows} | set(sources)}
    for source, count in sorted(found.items()):
        if count != sources.get(source, 0):
            yield f"{count} rows of {source}, not {sources.get(source, 0)}"
    used = {judge for row in rows for judge in row.judges}
    for name in properties.RULES:
        if f"template:{name}" not in used:
            yield f"no row uses the rule {name}"
    named = {(row.source, row.control) for row in rows}
    for tool, control in sorted({(one.tool, one.control) for one in stances}):
        if (tool, control) not in named and f"tool:{tool}:{control}" not in used:
            yield f"controls.csv has {tool} {control}, and no row is about it"
    for one in stances:
        if one.stance == "waive" and not any(names(row, one) for row in rows):
            yield f"controls.csv waives {one.tool} {one.control} {one.where}, and no row does so for that reason"


def names(row, stance):
    waiving = row.stance == "waive" and stance.where in row.where and row.reason == stance.reason
    return waiving and f"tool:{stance.tool}:{stance.control}" in row.judges
