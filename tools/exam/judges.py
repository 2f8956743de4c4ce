"""The tools: each takes templates, by example, and says what it finds."""

import json
import os
import subprocess
import tempfile

from . import Failed, environments
from .controls import Finding

CFN_LINT = "cfn-lint"
CHECKOV = "checkov"
NAG = "cdk-nag"


def all_findings(files):
    """Everything that every tool says of `files`: example name to path."""
    return [finding for judge in (cfn_lint, checkov, nag) for finding in judge(files)]


def cfn_lint(files):
    """One finding for each error and warning; a template without one passes."""
    pins = environments.ROOT / "acceptance" / "lint-requirements.txt"
    program = environments.python(CFN_LINT, pins) / "cfn-lint"
    for name, file in files.items():
        done = _run([program, "--regions", "us-east-1", "--format", "json", "--", file])
        matches = json.loads(done.stdout or "[]")
        if done.returncode != 0 and not matches:
            raise Failed(f"cfn-lint ended with {done.returncode}:\n{done.stderr}")
        for match in matches:
            path = (match["Location"].get("Path") or [])[:2]
            resource = str(path[1]) if len(path) == 2 else "template"
            yield Finding(CFN_LINT, match["Rule"]["Id"], name, resource, False, match["Message"])
        if not matches:
            yield Finding(CFN_LINT, "no error, no warning", name, "template", True)


def checkov(files):
    program = environments.python(CHECKOV, environments.HERE / "checkov.txt") / "checkov"
    for name, file in files.items():
        done = _run([program, "--framework", "cloudformation", "--file", file, "--output", "json", "--skip-download", "--soft-fail"])
        if done.returncode != 0:
            raise Failed(f"checkov ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        report = json.loads(done.stdout)
        if report["summary"]["parsing_errors"]:
            raise Failed(f"checkov cannot read the template of {name}")
        for outcome, passed in (("passed_checks", True), ("failed_checks", False)):
            for check in report["results"][outcome]:
                resource = check["resource"].split(".")[-1]
                yield Finding(CHECKOV, check["check_id"], name, resource, passed, check["check_name"])


def nag(files):
    source = environments.HERE / "nag"
    modules = environments.node(NAG, source) / "node_modules"
    for name, file in files.items():
        done = _run(["node", source / "nag.js", file], env={**os.environ, "NODE_PATH": str(modules), "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1"})
        if done.returncode != 0:
            raise Failed(f"cdk-nag ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        for line in json.loads(done.stdout):
            yield Finding(
                f"{NAG} {line['pack']}", line["rule"], name, line["resource"], line["passed"], line["text"], line["detail"]
            )


def _run(command, **more):
    # In an empty folder: both checkov and cfn-lint read settings from the current one.
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, cwd=folder, **more,
        )
