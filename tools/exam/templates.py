"""The templates of the examples, by the provider.

Only Terraform knows what an example's HCL comes to (variables, functions,
defaults), so Terraform plans it, against the sandbox; what the plan says of the
pipeline's arguments is what `terraform-provider-tap template` expands.
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from . import Failed
from .environments import ROOT

SOURCE = "terraform.local/tap/tap"
RESOURCE = "tap_secure_pipeline"
DATA_SOURCE = "tap_secure_pipeline_template"
EXAMPLES = ("quickstart", "complete")
PATIENCE = 120


def rendered(folder):
    """Example name to the file of its template, in `folder`."""
    programs = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "debug"
    for program in ("terraform-provider-tap", "sandbox"):
        if not (programs / program).is_file():
            raise Failed(f"{programs / program} has not been built; run: make build")
    missing = [name for name in EXAMPLES if not (ROOT / "examples" / name).is_dir()]
    if missing:
        raise Failed(f"there is no examples/{missing[0]}")
    files = {}
    with _sandbox(programs, folder) as endpoint:
        for name in EXAMPLES:
            for label, settings in _pipelines(programs, endpoint, ROOT / "examples" / name, folder / name):
                text = _run([programs / "terraform-provider-tap", "template", "-"], input=json.dumps(settings))
                files[name if label == 0 else f"{name}-{label}"] = folder / f"{name}-{label}.json"
                (folder / f"{name}-{label}.json").write_text(text)
    return files


def _pipelines(programs, endpoint, example, folder):
    """The arguments of each pipeline that an example declares."""
    shutil.copytree(example, folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    config = folder / "cli.tfrc"
    config.write_text(
        f'provider_installation {{\n  dev_overrides {{\n    "{SOURCE}" = "{programs}"\n  }}\n  direct {{}}\n}}\n'
    )
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    environment = kept | {
        "TF_CLI_CONFIG_FILE": str(config), "CHECKPOINT_DISABLE": "1", "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
    }
    terraform = next((name for name in ("terraform", "tofu") if shutil.which(name)), None)
    if terraform is None:
        raise Failed("Terraform is missing: install Terraform 1.8 or newer and run this again.")
    more = {"cwd": folder, "env": environment}
    _run([terraform, "plan", "-input=false", "-no-color", "-out=plan"], **more)
    plan = json.loads(_run([terraform, "show", "-json", "plan"], **more))
    schemas = json.loads(_run([terraform, "providers", "schema", "-json"], **more))["provider_schemas"][SOURCE]
    attributes = schemas["data_source_schemas"][DATA_SOURCE]["block"]["attributes"]
    arguments = {name for name, one in attributes.items() if one.get("optional") or one.get("required")}
    pipelines = [change for change in plan["resource_changes"] if change["type"] == RESOURCE]
    if not pipelines:
        raise Failed(f"{example} declares no {RESOURCE}")
    for label, change in enumerate(pipelines):
        later = {name for name, one in change["change"]["after_unknown"].items() if unknown(one)} & arguments
        if later - {"account_id", "region"}:
            raise Failed(f"{example}: {', '.join(sorted(later))} is known only after the apply")
        settings = {name: value for name, value in change["change"]["after"].items() if name in arguments}
        yield label, _without_null({**settings, "account_id": None, "region": None})


def unknown(value):
    """Whether any part of it is: a plan names known parts too, as false or empty."""
    parts = value.values() if isinstance(value, dict) else value
    return any(map(unknown, parts)) if isinstance(value, (dict, list)) else bool(value)


def _without_null(value):
    if isinstance(value, dict):
        return {name: _without_null(one) for name, one in value.items() if one is not None}
    return value


@contextlib.contextmanager
def _sandbox(programs, folder):
    """The endpoint of a sandbox that ends with this."""
    file = folder / "endpoint"
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [programs / "sandbox", "--endpoint-file", file, "--until-stdin-closes"],
            stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=ROOT,
        )
        try:
            until = time.monotonic() + PATIENCE
            while not (file.is_file() and file.read_text()):
                if process.poll() is not None or time.monotonic() > until:
                    log.seek(0)
                    raise Failed(f"the sandbox did not start:\n{log.read()}")
                time.sleep(0.1)
            yield file.read_text()
        finally:
            process.stdin.close()
            process.wait()


def _run(command, **more):
    done = subprocess.run(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        **({} if "input" in more else {"stdin": subprocess.DEVNULL}), **more,
    )
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
