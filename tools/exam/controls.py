"""Our stance on each control that a tool judges, from controls.csv, and what it
makes of what the tools found. That on all others is in the catalogue, which also
names whatever is waived here.

A row is one of

    pass      the control is applied to something and met by all of it
    waive     it is not met, and the reason says why not
    evidence  the control itself asks for a reason for each thing it finds, as
              AwsSolutions-IAM5 does for wildcards; this is the reason
    absent    no resource of its kind is in any of the templates

The `where` of a row says of which findings: a logical id, or logical id and
detail as `Id:detail`, with `*` for any text and `[*]` for an asterisk.
A row that is not so is a failure like a control that is not met: a waiver that
hits nothing would hide the next one, and a pass of nothing says nothing.
"""

import csv
import dataclasses
import fnmatch

STANCES = ("pass", "waive", "evidence", "absent")
# Those that have a reason, and that speak of findings.
REASONED = ("waive", "evidence")
# Controls that ask for evidence.
ASKING = (("cdk-nag AwsSolutions", "AwsSolutions-IAM5"),)


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a tool says of one resource. `detail` tells findings of one control
    and resource apart, where the tool does."""

    tool: str
    control: str
    template: str
    resource: str
    passed: bool
    text: str = ""
    detail: str = ""

    @property
    def where(self):
        return f"{self.resource}:{self.detail}" if self.detail else self.resource


@dataclasses.dataclass(frozen=True)
class Stance:
    tool: str
    control: str
    where: str
    stance: str
    reason: str

    def speaks_of(self, finding):
        if (self.tool, self.control) != (finding.tool, finding.control):
            return False
        return fnmatch.fnmatchcase(finding.where, self.where)


@dataclasses.dataclass
class Verdict:
    """What became of one control: nothing failed, there is evidence for all that
    was found, all that failed is waived, or not. `stale` are its rows that are
    not so."""

    tool: str
    control: str
    passed: int = 0
    evident: list = dataclasses.field(default_factory=list)
    waived: list = dataclasses.field(default_factory=list)
    failed: list = dataclasses.field(default_factory=list)
    stale: list = dataclasses.field(default_factory=list)


def read(path):
    """The rows; ValueError says which one is no row."""
    with open(path, newline="") as file:
        stances = [Stance(r["tool"], r["id"], r["where"], r["stance"], r["reason"].strip()) for r in csv.DictReader(file)]
    seen = set()
    for row in stances:
        name = f"{path}: {row.tool} {row.control} {row.where}"
        if row.stance not in STANCES:
            raise ValueError(f"{name}: {row.stance!r} is none of {', '.join(STANCES)}")
        if (row.stance in REASONED) != bool(row.reason):
            raise ValueError(f"{name}: {' and '.join(REASONED)} have a reason, and nothing else has one")
        if row.stance == "evidence" and (row.tool, row.control) not in ASKING:
            raise ValueError(f"{name}: the control does not ask for evidence")
        if row in seen or not row.where:
            raise ValueError(f"{name}: stands there twice, or says of nothing")
        seen.add(row)
    return stances


def judge(findings, stances):
    """A verdict for each control that a tool applied or that a row names."""
    reasons = [row for row in stances if row.stance in REASONED]
    verdicts, hit = {}, set()

    def of(key):
        return verdicts.setdefault(key, Verdict(*key))

    for finding in findings:
        verdict = of((finding.tool, finding.control))
        if finding.passed:
            verdict.passed += 1
            continue
        reason = next((row for row in reasons if row.speaks_of(finding)), None)
        if reason is None:
            verdict.failed.append(finding)
            continue
        hit.add(reason)
        kept = verdict.evident if reason.stance == "evidence" else verdict.waived
        kept.append((finding, reason))
    asked = set(verdicts)
    for row in stances:
        key = (row.tool, row.control)
        true = {"pass": key in asked, "absent": key not in asked}.get(row.stance, row in hit)
        if not true:
            of(key).stale.append(row)
    return [verdicts[key] for key in sorted(verdicts)]
