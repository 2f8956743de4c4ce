#!/usr/bin/env python3
"""Holds the compliance report against Prowler, an outside judge, on the same
live pipeline in a sandbox account.

    tools/prowler.py

For each control of `pci_4.0_aws` that both judge of a resource: whether they
agree, and where they do not, why. The last line is
`N agree, N explained, N unexplained`; the exit code is zero when nothing is
unexplained. Everything must be built. Prowler is installed once, in an
environment of its own.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from exam import Failed, environments

ROOT = environments.ROOT
STANDARD = "prowler pci_4.0_aws"
PIPELINE = "documents-dev@us-east-1"

# The services of the controls that the report judges, as Prowler calls them.
SERVICES = (
    "apigateway awslambda cloudwatch dynamodb ec2 iam kms s3 secretsmanager sns sqs vpc wafv2"
).split()

CONFIGURATION = """
terraform {
  required_providers {
    tap = { source = "terraform.local/tap/tap" }
  }
}

provider "tap" {}

resource "tap_secure_pipeline" "documents" {
  name               = "documents"
  environment_suffix = "dev"

  api        = { logging_role = "managed" }
  compliance = { recorder = "managed" }
  monitoring = { api_calls = "managed" }
  threats    = { detector = "managed" }
}
"""

# Why the report passes what Prowler fails. The other way about nothing is
# explained.
EXPLAINED = {
    "cloudwatch_alarm_actions_alarm_state_configured": "the emulator leaves the actions out of its answer to the query protocol, which boto3 speaks here and the provider does not",
    "secretsmanager_automatic_rotation_enabled": "the emulator's ListSecrets says that nothing rotates; DescribeSecret, which the provider asks, says that it does",
    "secretsmanager_secret_unused": "Prowler fails a secret that nobody has read yet, the report one that nobody has read for 90 days",
    "apigateway_restapi_waf_acl_attached": "the emulator's stages do not name their web ACL; WAF, which the provider asks, does",
}


def main():
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "debug"
    provider = target / "terraform-provider-tap"
    if not provider.is_file():
        raise Failed(f"{provider} is missing: run make build, and this again.")
    prowler = environments.python("prowler", environments.HERE / "prowler.txt", source=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        sandbox = start(target / "sandbox", folder)
        try:
            environment = variables((folder / "endpoint").read_text().strip())
            apply(folder, target, environment)
            findings = report(provider, environment)
            expect_ocsf(prowler, findings)
            ours = verdicts(findings)
            theirs = scan(prowler / "prowler", folder, environment)
        finally:
            sandbox.stdin.close()
            sandbox.wait()
    return compare(ours, theirs)


def start(program, folder):
    """The sandbox ends when its standard input does."""
    endpoint = folder / "endpoint"
    command = [program, "--until-stdin-closes", "--endpoint-file", endpoint]
    sandbox = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line in sandbox.stdout:
        if "to end it" in line:
            return sandbox
    raise Failed("the sandbox did not start")


def variables(endpoint):
    """Nothing of the caller's own account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    return kept | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "TAP_CONTROL_PLANE_LIMITS": "off",
    }


def apply(folder, target, environment):
    (folder / "main.tf").write_text(CONFIGURATION)
    (folder / "terraform.rc").write_text(
        f'provider_installation {{\n  dev_overrides {{ "terraform.local/tap/tap" = "{target}" }}\n  direct {{}}\n}}\n'
    )
    environment |= {"TF_CLI_CONFIG_FILE": str(folder / "terraform.rc")}
    done = subprocess.run(
        ["terraform", "apply", "-auto-approve", "-input=false", "-no-color"],
        cwd=folder, env=environment, capture_output=True, text=True,
    )
    if done.returncode != 0:
        raise Failed(f"terraform apply failed:\n{done.stdout}{done.stderr}")


def report(provider, environment):
    """The findings of the report."""
    done = subprocess.run([provider, "report", "--ocsf", PIPELINE], env=environment, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        raise Failed(f"no report:\n{done.stderr}")
    return json.loads(done.stdout)


# Whether somebody else's model of OCSF takes each finding, and knows all that
# is in it.
MODEL = """
import json, sys
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

def unknown(ours, taken, path=""):
    if isinstance(ours, dict) and isinstance(taken, dict):
        for key, value in ours.items():
            # What is in it is nobody's schema.
            if key == "unmapped":
                continue
            if key not in taken:
                yield f"{path}{key}"
            else:
                yield from unknown(value, taken[key], f"{path}{key}.")
    elif isinstance(ours, list) and isinstance(taken, list):
        for one, other in zip(ours, taken):
            yield from unknown(one, other, path)

# OCSF has these (objects/compliance.json and profiles/cloud.json of its
# repository), and the model has not.
LACKS = {"cloud", "compliance.status", "compliance.status_detail"}
found = set()
findings = json.load(sys.stdin)
for finding in findings:
    taken = ComplianceFinding.model_validate(finding)
    found.update(unknown(finding, json.loads(taken.model_dump_json(exclude_unset=True))))
found -= LACKS
print(", ".join(sorted(found)) or f"{len(findings)} findings are OCSF")
sys.exit(bool(found) or not findings)
"""


def expect_ocsf(prowler, findings):
    done = subprocess.run(
        [prowler / "python", "-c", MODEL], input=json.dumps(findings), capture_output=True, text=True
    )
    if done.returncode != 0:
        raise Failed(f"the report is no OCSF: {done.stdout}{done.stderr[-2000:]}")
    print(done.stdout.strip())


def verdicts(findings):
    """Control -> resource, by what AWS calls it -> pass, fail or waived."""
    found = collections.defaultdict(dict)
    for finding in findings:
        resource = finding["resources"][0]
        # What is the account's is nobody's verdict.
        if resource["type"] == "AWS::::Account":
            continue
        for control in finding["unmapped"]["controls"].get(STANDARD, []):
            found[control][resource["uid"]] = finding["compliance"]["status"]
    return found


def scan(prowler, folder, environment):
    """Control -> ARN -> whether it passes."""
    done = subprocess.run(
        [prowler, "aws", "--region", "us-east-1", "--services", *SERVICES, "--output-formats", "json-ocsf",
         "--output-directory", folder, "--output-filename", "prowler", "--ignore-exit-code-3", "--no-banner"],
        env=environment, capture_output=True, text=True,
    )
    output = folder / "prowler.ocsf.json"
    if done.returncode != 0 or not output.is_file():
        raise Failed(f"prowler failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    found = collections.defaultdict(dict)
    for finding in json.loads(output.read_text()):
        for resource in finding["resources"]:
            found[finding["metadata"]["event_code"]][resource["uid"]] = finding["status_code"] == "PASS"
    return found


def is_same(arn, identifier):
    """Whether an ARN is of what CloudFormation calls `identifier`: of parts of a
    function's policy the function, of a web ACL `name|id|scope`, of a stage
    `api|stage`."""
    parts = identifier.split("|")
    if len(parts) == 3:
        return arn.endswith("/" + parts[1])
    if len(parts) == 2:
        return arn.endswith((f"/restapis/{parts[0]}/stages/{parts[1]}", f":function:{parts[0]}"))
    return arn == identifier or arn.endswith(("/" + identifier, ":" + identifier, ":" + identifier + ":*"))


def compare(ours, theirs):
    counts = collections.Counter()
    stale = set(EXPLAINED)
    for control, resources in sorted(ours.items()):
        verdicts = collections.Counter()
        differ = []
        for identifier, status in resources.items():
            said = {verdict for arn, verdict in theirs.get(control, {}).items() if is_same(arn, identifier)}
            if not said:
                verdicts["not judged by Prowler"] += 1
            elif said == {status == "Pass"}:
                verdicts["agree"] += 1
            else:
                why = "explained" if control in EXPLAINED and status == "Pass" else "unexplained"
                verdicts[why] += 1
                differ.append(f"{identifier}: the report {status}, Prowler {'PASS' if True in said else 'FAIL'}")
        counts += verdicts
        print(f"{control}: {', '.join(f'{count} {what}' for what, count in sorted(verdicts.items()))}")
        if verdicts["explained"]:
            stale.discard(control)
            print(f"  because {EXPLAINED[control]}")
        elif differ:
            print("".join(f"  {line}\n" for line in differ), end="")
    for control in sorted(stale):
        print(f"{control} is explained and agrees: remove the explanation")
        counts["unexplained"] += 1
    print(f"{counts['not judged by Prowler']} are not judged by Prowler here")
    print(f"{counts['agree']} agree, {counts['explained']} explained, {counts['unexplained']} unexplained")
    return 1 if counts["unexplained"] or not counts["agree"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        print(failed, file=sys.stderr)
        sys.exit(1)
