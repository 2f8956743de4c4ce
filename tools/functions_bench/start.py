"""What a cold start costs: the functions beside the first implementation's
handlers, mended, in Python with boto3 and AWS's own runtime client.

Each round starts one and then the other, behind the same runtime API. Scans
are then made against the sandbox account, and each answer is looked at: a
function that does nothing would be small.
"""

import contextlib
import hashlib
import io
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

from .runtime_api import Function

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()
PYTHON = pathlib.Path(__file__).resolve().parent / "python_functions"

# Ours, and theirs of the first implementation.
PAIRS = {"validate": "validation", "encrypt": "encryption", "scan": "compliance", "remediate": "remediation"}
# A text with a published test number in it.
DOCUMENT = "The invoice is paid by the credit card 4111 1111 1111 1111.\n" + "Nothing else is in it.\n" * 400

ACCOUNT = """
import boto3, json
s3, sns, kms = boto3.client("s3"), boto3.client("sns"), boto3.client("kms")
for name in ("bench-raw", "bench-processed"):
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
s3.put_object(Bucket="bench-processed", Key="encrypted/a.txt", Body=DOCUMENT.encode(), ContentType="text/plain")
text = lambda name: {"AttributeName": name, "AttributeType": "S"}
boto3.client("dynamodb").create_table(TableName="bench-audit", BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[text("requestId"), text("timestamp")],
    KeySchema=[{"AttributeName": "requestId", "KeyType": "HASH"}, {"AttributeName": "timestamp", "KeyType": "RANGE"}])
boto3.client("dynamodb").get_waiter("table_exists").wait(TableName="bench-audit", WaiterConfig={"Delay": 1})
print(json.dumps({"key": kms.create_key()["KeyMetadata"]["Arn"], "topic": sns.create_topic(Name="bench")["TopicArn"]}))
"""


def run(options):
    rounds, invocations = (5, 5) if options.quick else (21, 20)
    with tempfile.TemporaryDirectory() as folder, sandbox() as account:
        folder = pathlib.Path(folder)
        bundle = bundled()
        ours = bootstrap(bundle, folder)
        python = interpreter()
        environment = prepare(account, python)
        task = shutil.copytree(PYTHON, folder / "task")
        start = {
            "ours": lambda name: Function([ours], name, environment),
            "python": lambda name: Function(
                [python, "-m", "awslambdaric", f"{PAIRS[name]}.handler"], f"{PAIRS[name]}.handler", environment, task
            ),
        }
        for make in start.values():
            make("scan").stop()  # files are in memory and compiled
        figures = {"zip_mb": sizes(bundle, python, folder), "start": {}}
        for name in PAIRS:
            figures["start"][name] = starts(start, name, rounds)
        figures["scan"] = scans(start, rounds, invocations)
    show(figures, rounds, invocations)
    return figures


def starts(start, name, rounds):
    taken = {who: [] for who in start}
    for _ in range(rounds):
        for who, make in start.items():
            with make(name) as function:
                taken[who].append((function.cold_start * 1000, function.resident() / 2**20))
    figures = {}
    for who, pairs in taken.items():
        times, memory = zip(*pairs)
        figures[who] = {"first_poll_ms": median(times), "resident_mib": median(memory)}
    figures["ratio"] = median(b[0] / a[0] for a, b in zip(taken["ours"], taken["python"]))
    return figures


def scans(start, rounds, invocations):
    """Resident memory of one that has scanned documents."""
    taken = {who: [] for who in start}
    for number in range(rounds):
        for who, make in start.items():
            with make("scan") as function:
                for i in range(invocations):
                    expect_found(who, function.invoke(request(f"{who}-{number}-{i}-{time.time_ns()}")))
                taken[who].append(function.resident() / 2**20)
    return {who: {"resident_mib": median(values)} for who, values in taken.items()}


def request(request_id):
    """A request through API Gateway, for either."""
    return {
        "resource": "/documents/scan",
        "path": "/documents/scan",
        "httpMethod": "POST",
        "headers": {"Content-Type": "application/json"},
        "requestContext": {
            "requestId": request_id,
            "requestTimeEpoch": time.time_ns() // 1_000_000,
            "identity": {"sourceIp": "203.0.113.7", "apiKeyId": "k1"},
        },
        "body": json.dumps({"document_key": "encrypted/a.txt"}),
        "isBase64Encoded": False,
    }


def expect_found(who, answer):
    body = json.loads(answer.get("body") or "{}")
    found = body.get("verdict") == "non-compliant" if who == "ours" else body.get("issues") == ["credit_card"]
    if answer.get("statusCode") != 200 or not found:
        raise RuntimeError(f"{who} did not find the card number: {answer}")


@contextlib.contextmanager
def sandbox():
    """The variables of a sandbox account, which ends with the block."""
    program = TARGET / "debug" / "sandbox"
    if not program.is_file():
        sys.exit(f"{program} has not been built; run: make build")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "endpoint"
        process = subprocess.Popen(
            [program, "--endpoint-file", file, "--until-stdin-closes"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT,
        )
        try:
            while not (file.is_file() and file.read_text().strip()):
                if process.poll() is not None:
                    sys.exit("the sandbox did not come up")
                time.sleep(0.05)
            yield {
                "AWS_ENDPOINT_URL": file.read_text().strip(),
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_CONFIG_FILE": "/dev/null",
                "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            }
        finally:
            process.stdin.close()
            process.wait()


def prepare(account, python):
    """Puts what the functions need into the account; their environment."""
    done = subprocess.run(
        [python, "-c", f"DOCUMENT = {DOCUMENT!r}\n{ACCOUNT}"], env=account, check=True, stdout=subprocess.PIPE, text=True
    )
    made = json.loads(done.stdout)
    return {
        **account,
        "TAP_PIPELINE": "documents-dev@us-east-1",
        "TAP_AUDIT_TABLE": "bench-audit",
        "TAP_RAW_BUCKET": "bench-raw",
        "TAP_PROCESSED_BUCKET": "bench-processed",
        "TAP_DATA_KEY_ARN": made["key"],
        "TAP_TOPIC_ARN": made["topic"],
        "AUDIT_TABLE": "bench-audit",
        "DOCUMENT_BUCKET": "bench-processed",
        "KMS_KEY_ID": made["key"],
        "TOPIC_ARN": made["topic"],
        "QUARANTINE_SECURITY_GROUP_ID": "sg-0123456789abcdef0",
    }


def bundled():
    """The zip that the provider embeds for this machine's architecture."""
    architecture = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    path = TARGET / "bundles" / architecture / "bootstrap.zip"
    if not path.is_file():
        sys.exit(f"{path} has not been built; run: make build")
    return path


def bootstrap(bundle, folder):
    with zipfile.ZipFile(bundle) as file:
        path = pathlib.Path(file.extract("bootstrap", folder))
    path.chmod(0o755)
    return path


def interpreter():
    """A Python with the requirements, made anew when they change."""
    requirements = (PYTHON / "requirements.txt").read_bytes()
    folder = TARGET / "bench-functions" / f"python-{hashlib.sha256(requirements).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    stamp = folder / "complete"
    if not stamp.is_file():
        print(f"boto3 and awslambdaric go into {folder}, once", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--requirement", PYTHON / "requirements.txt"], check=True)
        stamp.touch()
    return python


def sizes(bundle, python, folder):
    """MB of what is uploaded. Lambda's own Python has a boto3, of a version
    that Lambda chooses; who pins theirs uploads it."""
    where = "import boto3, pathlib; print(pathlib.Path(boto3.__file__).parent.parent)"
    packages = pathlib.Path(subprocess.check_output([python, "-c", where], text=True).strip())
    names = ("boto3", "botocore", "jmespath", "dateutil", "s3transfer", "urllib3", "six.py")
    handlers = [(path, path.name) for path in sorted(PYTHON.glob("*.py"))]
    pinned = [
        (path, str(path.relative_to(packages)))
        for name in names
        for path in ([packages / name] if name.endswith(".py") else sorted((packages / name).rglob("*")))
        if path.is_file() and path.suffix != ".pyc"
    ]
    return {
        "ours": round(bundle.stat().st_size / 1e6, 2),
        "python_with_lambdas_boto3": round(zipped(handlers) / 1e6, 3),
        "python_with_pinned_boto3": round(zipped(handlers + pinned) / 1e6, 2),
    }


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path, name in files:
            file.write(path, name)
    return len(buffer.getvalue())


def median(values):
    return round(statistics.median(values), 2)


def show(figures, rounds, invocations):
    print(f"medians of {rounds} rounds, in turns; Python {platform.python_version()}")
    print(f"{'':34}{'ours':>10}{'Python':>10}{'ratio':>8}")
    for name, theirs in PAIRS.items():
        of = figures["start"][name]
        a, b = of["ours"], of["python"]
        print(f"{f'{name} / {theirs}: first poll, ms':34}{a['first_poll_ms']:10.1f}{b['first_poll_ms']:10.1f}{of['ratio']:8.1f}")
        ratio = b["resident_mib"] / a["resident_mib"]
        print(f"{'  resident then, MiB':34}{a['resident_mib']:10.1f}{b['resident_mib']:10.1f}{ratio:8.1f}")
    a, b = (figures["scan"][who]["resident_mib"] for who in ("ours", "python"))
    print(f"{f'  resident after {invocations} scans, MiB':34}{a:10.1f}{b:10.1f}{b / a:8.1f}")
    zips = figures["zip_mb"]
    print(f"{'zip, MB':34}{zips['ours']:10.2f}{zips['python_with_pinned_boto3']:10.2f}")
    print(f"{'zip with the boto3 of Lambda, MB':34}{'':10}{zips['python_with_lambdas_boto3']:10.3f}")
