#!/usr/bin/env python3
"""The published contract in schemas/: the provider's schema as Terraform reads
it, and the template of each example with a picture of it.

    tools/schemas.py           says which files are stale, and fails if one is
    tools/schemas.py --write   writes them anew

The provider is the one of the debug build, or TAP_PROVIDER.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = "terraform.local/tap/tap"

# What each example declares, as `terraform-provider-tap template` takes it.
EXAMPLES = {
    "quickstart": {
        "name": "documents",
        "environment_suffix": "dev",
        "storage": {"noncurrent_glacier_after_days": 30},
        "alerts": {"emails": ["security@example.com"]},
    },
}


def provider():
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    path = pathlib.Path(os.environ.get("TAP_PROVIDER") or pathlib.Path(target) / "debug" / "terraform-provider-tap")
    if not path.is_file():
        sys.exit(f"{path} has not been built; run: make build")
    return path.resolve()


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def terraform():
    for name in ("terraform", "tofu"):
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            if (pathlib.Path(folder) / name).is_file():
                return name
    sys.exit("Terraform is missing: install Terraform 1.8 or newer and run this again.")


def provider_schema(binary):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        config = folder / "cli.tfrc"
        config.write_text(
            f'provider_installation {{\n  dev_overrides {{\n    "{SOURCE}" = "{binary.parent}"\n  }}\n  direct {{}}\n}}\n'
        )
        (folder / "main.tf").write_text(
            f'terraform {{\n  required_providers {{\n    tap = {{ source = "{SOURCE}" }}\n  }}\n}}\n'
        )
        environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(config), "CHECKPOINT_DISABLE": "1"}
        for name in ("TF_LOG", "TF_CLI_ARGS", "TF_DATA_DIR", "TF_WORKSPACE"):
            environment.pop(name, None)
        text = run([terraform(), "providers", "schema", "-json"], cwd=folder, env=environment)
    return json.loads(text)["provider_schemas"][SOURCE]


def template(binary, spec):
    return json.loads(run([binary, "template", "-"], input=json.dumps(spec)))


def picture(binary, spec):
    return run([binary, "graph", "-"], input=json.dumps(spec))


def as_text(value):
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def main():
    binary = provider()
    files = {"provider.json": as_text(provider_schema(binary))}
    for name, spec in EXAMPLES.items():
        files[f"templates/{name}.json"] = as_text(template(binary, spec))
        files[f"pictures/{name}.svg"] = picture(binary, spec)
    stale = []
    for name, text in files.items():
        path = ROOT / "schemas" / name
        if path.is_file() and path.read_text() == text:
            continue
        stale.append(f"schemas/{name}")
        if "--write" in sys.argv[1:]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote schemas/{name}")
    if stale and "--write" not in sys.argv[1:]:
        print(f"{', '.join(stale)}: not what the code says; run: make schemas, and look at the difference before committing it")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
