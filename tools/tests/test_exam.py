"""What the exam makes of findings: nothing is waived that is not named, no waiver
outlives what it waives, and each of the 433 controls is decided by something."""

import contextlib
import dataclasses
import io
import json
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

TOOLS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOOLS))

import examine  # noqa: E402
from exam import catalogue, controls, properties, templates  # noqa: E402
from exam.catalogue import Row  # noqa: E402
from exam.controls import Finding, Stance  # noqa: E402


def failing(resource="RawBucket", detail="", control="S1"):
    return Finding("tool", control, "quickstart", resource, False, "no logging", detail)


def waiver(where, control="S1"):
    return Stance("tool", control, where, "waive", "because")


def verdict(findings, stances):
    (one,) = controls.judge(findings, stances)
    return len(one.waived), len(one.failed), len(one.stale)


class Exam(unittest.TestCase):
    def test_a_waiver_covers_what_it_names_and_nothing_else(self):
        for where, finding, waived in [
            ("*", failing(), True),
            ("RawBucket", failing(), True),
            ("LogsBucket", failing(), False),
            ("Raw*", failing(), True),
            ("RawBucket", failing(detail="Action::s3:*"), False),
            ("RawBucket:Action::s3:*", failing(detail="Action::s3:Get"), True),
            ("RawBucket:Action::[*]", failing(detail="Action::*"), True),
            ("RawBucket:Action::[*]", failing(detail="Action::s3:*"), False),
            ("RawBucket", failing(control="S2"), False),
        ]:
            found = [v for v in controls.judge([finding], [waiver(where)]) if v.control == finding.control]
            self.assertEqual(len(found[0].waived) == 1, waived, (where, finding))
            self.assertEqual(len(found[0].failed) == 0, waived, (where, finding))

    def test_a_control_that_no_row_names_must_be_met_too(self):
        self.assertEqual(verdict([failing()], []), (0, 1, 0))

    def test_a_waiver_that_hits_nothing_fails(self):
        self.assertEqual(verdict([], [waiver("*")]), (0, 0, 1))
        self.assertEqual(verdict([failing()], [waiver("RawBucket"), waiver("LogsBucket")]), (1, 0, 1))

    def test_a_pass_of_nothing_and_an_absence_of_something_fail(self):
        met = Finding("tool", "S1", "quickstart", "RawBucket", True)
        for stance, findings, stale in [("pass", [met], 0), ("pass", [], 1), ("absent", [], None), ("absent", [met], 1)]:
            row = Stance("tool", "S1", "*", stance, "")
            if stale is None:
                self.assertEqual(controls.judge(findings, [row]), [])
            else:
                self.assertEqual(verdict(findings, [row]), (0, 0, stale), stance)

    def test_evidence_is_told_from_a_waiver(self):
        row = Stance("tool", "S1", "RawBucket", "evidence", "because")
        (one,) = controls.judge([failing()], [row])
        self.assertEqual((len(one.evident), len(one.waived), len(one.failed)), (1, 0, 0))

    def test_what_is_met_needs_no_waiver(self):
        met = Finding("tool", "S1", "quickstart", "RawBucket", True)
        self.assertEqual(verdict([met], [waiver("*")]), (0, 0, 1))

    def test_the_rows_are_well_formed_and_each_waiver_has_a_reason(self):
        self.assertGreater(len(controls.read(TOOLS / "exam" / "controls.csv")), 50)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "controls.csv"
            for row in ["tool,S1,*,waive,", "tool,S1,*,pass,because", "tool,S1,*,maybe,", "tool,S1,,pass,", "tool,S1,*,evidence,because"]:
                file.write_text(f"tool,id,where,stance,reason\n{row}\n")
                with self.assertRaises(ValueError, msg=row):
                    controls.read(file)

    def test_a_plan_tells_unknown_from_known_however_deep(self):
        for value, unknown in [
            (True, True),
            (False, False),
            ({"emails": [False], "cidrs": []}, False),
            ({"emails": [False, {"address": True}]}, True),
        ]:
            self.assertEqual(templates.unknown(value), unknown, value)

    def test_what_is_installed_is_pinned_and_names_no_host(self):
        for line in (TOOLS / "exam" / "checkov.txt").read_text().splitlines():
            self.assertTrue(not line or line.startswith("#") or "==" in line, line)
        package = json.loads((TOOLS / "exam" / "nag" / "package.json").read_text())
        lock = json.loads((TOOLS / "exam" / "nag" / "package-lock.json").read_text())
        for name, version in package["dependencies"].items():
            self.assertRegex(version, r"^\d+\.\d+\.\d+$")
            self.assertEqual(lock["packages"][f"node_modules/{name}"]["version"], version)
        self.assertFalse([name for name, one in lock["packages"].items() if "resolved" in one])


QUEUES = {
    "Ours": {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}},
    "Theirs": {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": "alias/aws/sqs"}},
}
BY_RULE = "template:queues_use_a_key_of_ours"
BY_TOOL = "tool:tool:S1"


def control(judge, stance="pass", where="", reason="", name="C1", scope="pipeline", source="auditor", given=None):
    return Row(source, name, "", scope, given or stance, stance, tuple(judge.split(" and ")), tuple(where.split()), reason)


def waived(judge, where):
    return control(judge, "waive", where, "because")


def outcome(row, resources=(), findings=(), stances=()):
    """What becomes of a row in an exam of a template with some of the queues."""
    template = properties.Template("quickstart", {"Resources": {id: QUEUES[id] for id in resources}})
    exam = catalogue.Exam(controls.judge(findings, stances), [template], {"R001"})
    (one,) = catalogue.judge([row], exam)
    return one


class Catalogue(unittest.TestCase):
    def check(self, cases):
        for expected, *given in cases:
            one = outcome(*given)
            self.assertEqual(one.result, expected, (given, one.wrong))
            self.assertEqual(bool(one.wrong), expected == "failed", (given, one.wrong))

    def test_a_rule_decides_and_must_have_something_to_decide(self):
        self.check([
            ("passed", control(BY_RULE), ["Ours"]),
            ("failed", control(BY_RULE), ["Ours", "Theirs"]),
            ("failed", control(BY_RULE), []),
            ("failed", control("template:no_such_rule"), ["Ours"]),
        ])
        self.assertIn("Theirs", outcome(control(BY_RULE), ["Ours", "Theirs"]).wrong[0])

    def test_a_tool_decides_and_must_have_something_to_decide(self):
        met = Finding("tool", "S1", "quickstart", "RawBucket", True)
        stale = Stance("tool", "S1", "LogsBucket", "waive", "because")
        self.check([
            ("passed", control(BY_TOOL), [], [met]),
            ("failed", control(BY_TOOL), [], [met, failing()]),
            ("failed", control(BY_TOOL), [], []),
            ("failed", control(BY_TOOL), [], [met], [stale]),
            ("failed", control(BY_TOOL), [], [Finding("tool", "S2", "quickstart", "RawBucket", True)]),
        ])

    def test_what_a_tool_judges_itself_nothing_else_decides(self):
        met = Finding("tool", "S1", "quickstart", "RawBucket", True)
        for judge, expected in [(BY_RULE, "failed"), (BY_TOOL, "passed"), (f"{BY_TOOL} and {BY_RULE}", "passed")]:
            self.check([(expected, control(judge, source="tool", name="S1"), ["Ours"], [met])])
        account = control("account", "report", scope="account", source="tool", name="S1")
        self.check([("failed", account, [], [met])])

    def test_an_absence_of_something_fails(self):
        self.check([
            ("passed", control("absent:AWS::EC2::Route,AWS::SQS::Queue"), []),
            ("failed", control("absent:AWS::EC2::Route,AWS::SQS::Queue"), ["Ours"]),
        ])

    def test_all_judges_of_a_row_must_agree(self):
        self.check([
            ("passed", control(f"{BY_RULE} and absent:AWS::EC2::Route"), ["Ours"]),
            ("failed", control(f"{BY_RULE} and absent:AWS::SQS::Queue"), ["Ours"]),
            ("failed", control(f"{BY_RULE} and absent:AWS::EC2::Route"), ["Theirs"]),
        ])

    def test_a_row_waives_what_it_names_and_nothing_else(self):
        both = ["Ours", "Theirs"]
        self.check([
            ("waived", waived(BY_RULE, "Theirs"), both),
            ("waived", waived(BY_RULE, "*"), both),
            ("failed", waived(BY_RULE, "Ours"), both),
            ("failed", waived(BY_RULE, "Others"), both),
            ("waived", waived("waive", "*"), []),
        ])
        named = [Stance("tool", "S1", "RawBucket", "waive", "because")]
        self.check([
            ("waived", waived(BY_TOOL, "RawBucket"), [], [failing()], named),
            ("failed", waived(BY_TOOL, "LogsBucket"), [], [failing()], named),
            ("failed", control(BY_TOOL), [], [failing()], named),
            ("failed", waived(BY_TOOL, "RawBucket"), [], [failing()]),
        ])

    def test_a_row_that_waives_what_is_met_fails(self):
        self.check([
            ("failed", waived(BY_RULE, "*"), ["Ours"]),
            ("failed", waived(BY_RULE, "Theirs Ours"), ["Ours", "Theirs"]),
            ("failed", waived(BY_TOOL, "*"), [], [Finding("tool", "S1", "quickstart", "RawBucket", True)]),
        ])

    def test_what_the_exam_does_not_decide_is_told_apart(self):
        self.check([
            ("shown", control("requirement:R001"), []),
            ("shown", control(f"requirement:R001 and {BY_RULE}"), ["Ours"]),
            ("failed", control(f"requirement:R001 and {BY_RULE}"), ["Theirs"]),
            ("failed", control("requirement:R131"), []),
            ("reported", control("account", "report", scope="account"), []),
            ("passed", control("absent:AWS::EC2::Route", "optional", reason="because"), []),
        ])

    def test_the_catalogue_names_every_waiver_and_uses_every_rule(self):
        rules = " and ".join(f"template:{rule}" for rule in properties.RULES)
        rows = [waived(BY_TOOL, "RawBucket"), control(rules, name="C2")]
        named = Stance("tool", "S1", "RawBucket", "waive", "because")
        for rows, stances, missing in [
            (rows, [named, Stance("tool", "S1", "*", "pass", "")], 0),
            (rows[:1], [named], 2),
            (rows, [dataclasses.replace(named, where="LogsBucket")], 1),
            (rows, [dataclasses.replace(named, reason="for another reason")], 1),
            (rows, [dataclasses.replace(named, control="S2")], 2),
            (rows, [named, Stance("tool", "S2", "*", "absent", "")], 1),
            ([*rows, dataclasses.replace(rows[1], source="another")], [named], 1),
            ([control(BY_TOOL), rows[1]], [named], 1),
        ]:
            found = list(catalogue.incomplete(rows, stances, {"auditor": 2}))
            # Without its last row the catalogue uses none of the rules.
            found = sorted({one.split(" rule ")[0] for one in found})
            self.assertEqual(len(found), missing, found)

    def test_the_rows_contradict_neither_themselves_nor_what_there_is(self):
        rows = catalogue.read(examine.CATALOGUE)
        self.assertEqual(len(rows), 433)
        self.assertEqual(list(catalogue.incomplete(rows, controls.read(examine.STANCES))), [])
        requirements = catalogue.requirements()
        self.assertEqual(len(requirements), 130)
        for row in rows:
            for judge in row.judges:
                kind, _, name = judge.partition(":")
                known = {"template": properties.RULES, "requirement": requirements}.get(kind)
                self.assertTrue(known is None or name in known, (row.name, judge))

    def test_a_row_that_contradicts_itself_is_refused(self):
        columns = "source,control_id,title,pci,scope,given,stance,judge,where,reason"
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "catalogue.csv"
            for row in [
                "auditor,C1,,,pipeline,pass,pass,waive,,",
                "auditor,C1,,,pipeline,waive,waive,waive,*,",
                "auditor,C1,,,pipeline,waive,waive,waive,,because",
                "auditor,C1,,,pipeline,waive,waive,waive and template:x,*,because",
                "auditor,C1,,,pipeline,pass,pass,template:x,*,",
                "auditor,C1,,,pipeline,perhaps,perhaps,template:x,,",
                "auditor,C1,,,pipeline,pass,pass,,,",
                "auditor,C1,,,pipeline,pass,pass,guess:x,,",
                "auditor,C1,,,pipeline,pass,pass,absent:Queue,,",
                "auditor,C1,,,pipeline,report,report,account,,",
                "auditor,C1,,,account,report,report,template:x,,",
                "auditor,C1,,,account,pass,pass,account,,",
                "auditor,C1,,,pipeline,optional,optional,template:x,,",
                "auditor,C1,,,pipeline,waive,pass,template:x,,",
                "auditor,C1,,,pipeline,pass,pass,template:x,,\nauditor,C1,,,pipeline,pass,pass,template:y,,",
            ]:
                file.write_text(f"{columns}\n{row}\n")
                with self.assertRaises(ValueError, msg=row):
                    catalogue.read(file)

    def test_a_control_is_counted_once_and_only_if_it_is_decided(self):
        found = [Finding("tool", "S1", "quickstart", "RawBucket", True), Finding("tool", "S2", "quickstart", "X", True)]
        rows = [
            control(BY_TOOL, source="tool", name="S1"),
            control(BY_RULE),
            control("requirement:R001", name="C2"),
            control("account", "report", scope="account", name="C3"),
        ]
        for queue, expected in [("Ours", (3, 0)), ("Theirs", (2, 1))]:
            with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as printed:
                file = pathlib.Path(folder) / "quickstart.json"
                file.write_text(json.dumps({"Resources": {queue: QUEUES[queue]}}))
                with (
                    unittest.mock.patch("exam.judges.all_findings", return_value=found),
                    unittest.mock.patch("exam.catalogue.incomplete", return_value=[]),
                ):
                    self.assertEqual(examine.examine({"quickstart": file}, [], rows), expected)
            self.assertEqual("FAILED: quickstart: Theirs" in printed.getvalue(), queue == "Theirs")


if __name__ == "__main__":
    unittest.main()
