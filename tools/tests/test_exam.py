"""What the exam makes of findings: nothing is waived that is not named, and no
waiver outlives what it waives."""

import json
import pathlib
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOOLS))

from exam import controls, templates  # noqa: E402
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


if __name__ == "__main__":
    unittest.main()
