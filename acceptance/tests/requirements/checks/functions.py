"""Functions (Lambda)."""

import base64
import hashlib
import json
import uuid

from account import built_in
from credentials import STEPS
from frame import ACCOUNT, OPERATIONS, REGION, condition_keys, equal, eventually, expect, many, statements
from threats import NOBODY, finding

CLEAN = b"Minutes of the meeting. Nothing was decided.\n"
# One of each kind that is looked for, with what is not to be repeated of it.
PERSONAL = {
    "payment-card": ("Please charge card {} until 12/29.", "4111 1111 1111 1111"),
    "us-ssn": ("Her SSN is {}.", "536-22-8726"),
    "email": ("Write to {}.", "jane.doe@corp.example.org"),
    "phone": ("Phone: {}", "+44 20 7946 0958"),
    "ip-address": ("The client's IP address was {}.", "93.184.216.34"),
}


def _timeout(x, operation, seconds):
    equal(x.function(operation)["Timeout"], seconds, f"the timeout of {operation}")
    return f"{x.function(operation)['FunctionName']}: {seconds} s"


def _row(x, operation, key):
    return eventually(lambda: x.rows(operation=operation, documentKey=key), f"an audit row of {operation} for {key}")[0]


def r032(x):
    """Validation function, 15 s"""
    return _timeout(x, "validate", 15)


def r033(x):
    """Encryption function, 15 s"""
    return _timeout(x, "encrypt", 15)


def r034(x):
    """Compliance-scan function, 15 s"""
    return _timeout(x, "scan", 15)


def r035(x):
    """Remediation function, 60 s"""
    return _timeout(x, "remediate", 60)


def r036(x):
    """Rotation function: four steps"""
    function = x.function("rotate")
    equal(function["Handler"], "rotate", "its handler")
    secret = x.client("secretsmanager").describe_secret(SecretId=x.properties("ApiKeySecret")["Name"])
    equal(secret.get("RotationLambdaARN"), function["FunctionArn"], "who rotates the API key")
    return f"{function['FunctionName']}; its steps are taken in R097"


def r037(x):
    """One execution role per function"""
    roles = {operation: function["Role"] for operation, function in x.functions().items()}
    equal(len(set(roles.values())), len(OPERATIONS), "the number of roles")
    return ", ".join(sorted(role.split("/")[-1] for role in roles.values()))


def r038(x):
    """All functions in all private subnets"""
    subnets = set(x.state["subnet_ids"])
    expect(len(subnets) == 3, f"{len(subnets)} subnets")
    for operation, function in x.functions().items():
        equal(set(function.get("VpcConfig", {}).get("SubnetIds", [])), subnets, f"the subnets of {operation}")
    return f"6 functions in {', '.join(sorted(subnets))}"


def r039(x):
    """Functions written in Rust on provided.al2023"""
    for operation, function in x.functions().items():
        equal((function["Runtime"], function["Handler"]), ("provided.al2023", operation), f"the runtime of {operation}")
    return "provided.al2023, one bootstrap, the handler is the operation's name"


def r040(x):
    """Memory 512 MB"""
    equal({f["MemorySize"] for f in x.functions().values()}, {512}, "memory")
    return "512 MB each"


def r041(x):
    """Validation: key required, object exists, type by content, size, audit row"""
    status, _ = x.post("/documents/upload", {})
    equal(status, 400, "the status without a document key")
    status, _ = x.post("/documents/upload", {"document_key": "r041-none.txt"})
    equal(status, 404, "the status of a document that is not there")
    status, body = x.post("/documents/upload", {"document_key": "r041.pdf", "content": base64.b64encode(b"\x7fELF\x02\x01\x01" + bytes(64)).decode()})
    expect(status in (200, 415, 422) and "accepted" not in json.dumps(body), f"a program named .pdf: {status} {body}")
    status, body = x.post("/documents/upload", {"document_key": "r041.txt", "content": base64.b64encode(CLEAN).decode()})
    equal((status, body.get("verdict"), body.get("kind")), (200, "accepted", "text"), "a text")
    _row(x, "validate", "raw/r041.txt")
    status, body = x.post("/documents/upload", {"document_key": "r041-text.pdf", "content": base64.b64encode(CLEAN).decode()})
    equal((status, body.get("verdict"), body.get("kind")), (200, "accepted", "text"), "a text named .pdf")
    largest = 10 * 1024 * 1024
    for name, size, verdict in (("r041-largest.txt", largest, "accepted"), ("r041-larger.txt", largest + 1, "refused")):
        version = x.upload(name, (CLEAN * (size // len(CLEAN) + 1))[:size])
        row = eventually(lambda: x.rows(operation="validate", documentVersion=version), f"an audit row of {name}")[0]
        equal(row["verdict"], verdict, f"the verdict on {size} bytes")
    return "400 without a key, 404 without an object, a program named .pdf refused, a text of any name accepted and recorded; 10485760 bytes are accepted, one more is refused"


def r042(x):
    """Encryption: copy to encrypted/<key> with aws:kms and the key"""
    x.upload("r042.txt", CLEAN)
    _row(x, "encrypt", "r042.txt")
    head = x.client("s3").head_object(Bucket=x.buckets()["processed"], Key="encrypted/r042.txt")
    equal((head["ServerSideEncryption"], head.get("SSEKMSKeyId")), ("aws:kms", x.key_arn("data")), "how the copy is encrypted")
    return "encrypted/r042.txt is under the data key; an audit row of encrypt"


def r043(x):
    """Compliance scan: patterns, checksum, masked result, alert"""
    x.listen()
    x.upload("r043.txt", "\n".join(sentence.format(value) for sentence, value in PERSONAL.values()).encode())
    row = _row(x, "scan", "r043.txt")
    equal(row["verdict"], "non-compliant", "the verdict on a card number")
    s3, bucket = x.client("s3"), x.buckets()["processed"]
    results = s3.list_objects_v2(Bucket=bucket, Prefix="scan-results/r043.txt/").get("Contents", [])
    equal(len(results), 1, "the number of results")
    text = s3.get_object(Bucket=bucket, Key=results[0]["Key"])["Body"].read().decode()
    alert = eventually(lambda: x.alerts("document-non-compliant", "r043.txt"), "an alert of r043.txt")[0]
    for kind, (_, value) in PERSONAL.items():
        expect(f'"{kind}"' in text, f"{kind} is not in the result: {text}")
        for where, said in (("result", text), ("row", json.dumps(row)), ("alert", alert)):
            expect(value not in said and value.replace(" ", "") not in said, f"the {kind} stands in the {where}")
    # One digit off: Luhn's checksum is wrong.
    x.upload("r043-no-card.txt", b"Please charge card 4111 1111 1111 1112 until 12/29.\n")
    x.upload("r043-clean.txt", CLEAN)
    for name in ("r043-no-card.txt", "r043-clean.txt"):
        equal(_row(x, "scan", name)["verdict"], "clean", f"the verdict on {name}")
        expect(not x.alerts(name), f"an alert of {name}")
    return f"{', '.join(PERSONAL)} found and alerted of; clean without; result {results[0]['Key']}, row and alert are masked"


def r044(x):
    """Triggered by API and by S3 events"""
    raw, processed = x.buckets()["raw"], x.buckets()["processed"]
    by_bucket = {}
    for rule in x.rule_for("aws.s3", "Object Created").values():
        detail = rule["Pattern"]["detail"]
        for bucket in detail["bucket"]["name"]:
            expect(detail.get("object", {}).get("key"), f"the rule for {bucket} has no prefix: it would feed itself")
            by_bucket[bucket] = {t["Arn"].split(":")[-1] for t in rule["Targets"]}
    expect(x.named("validate") in by_bucket.get(raw, ()), f"nobody hears of {raw}")
    expect(x.named("scan") in by_bucket.get(processed, ()), f"nobody hears of {processed}")
    for role in ("raw", "processed"):
        notification = x.client("s3").get_bucket_notification_configuration(Bucket=x.buckets()[role])
        expect("EventBridgeConfiguration" in notification, f"{role} tells EventBridge nothing")
    x.upload("r044.txt", CLEAN)
    row = _row(x, "validate", "raw/r044.txt")
    equal(row["source"], "event", "what set it off")
    return "S3 alone set validate off (source event); R041 did by the API"


def r045(x):
    """Every operation writes an audit entry"""
    x.upload("r045.txt", CLEAN)
    version, rule = str(uuid.uuid4()), x.properties("EncryptionConfigRule")["ConfigRuleName"]
    x.rotate(x.physical("DatabaseSecret"), STEPS, version)
    event, _ = x.deliver("aws.guardduty", "GuardDuty Finding", finding(NOBODY))
    x.evaluate(rule, "encryption", "AWS::SNS::Topic", x.topic_arn(), configuration={"KmsMasterKeyId": x.key_arn("logs")})
    about = {
        "validate": {"documentKey": "raw/r045.txt"}, "encrypt": {"documentKey": "r045.txt"}, "scan": {"documentKey": "r045.txt"},
        "remediate": {"requestId": event}, "rotate": {"requestId": version}, "evaluate": {"requestId": f"{rule}/AWS::SNS::Topic/{x.topic_arn()}/"},
    }
    equal(set(about), set(OPERATIONS), "the operations")
    found = []
    for operation, what in about.items():
        row = eventually(lambda: x.rows(operation=operation, **what), f"an audit row of {operation} with {what}")[0]
        # Who did what, when, from where, and what came of it.
        lacking = {"requestId", "timestamp", "day", "principal", "source", "verdict", "pipeline"} - set(row)
        expect(not lacking, f"the row of {operation} lacks {sorted(lacking)}")
        equal(row["pipeline"], x.pipeline, f"the pipeline in the row of {operation}")
        found.append(f"{operation}: {row['verdict']} ({row['principal']})")
    return "; ".join(found)


def r046(x):
    """Log group per function made first, KMS, retention; functions make none"""
    groups = x.log_groups()
    for operation in OPERATIONS:
        group = groups.get(f"/aws/lambda/{x.named(operation)}")
        expect(group, f"{operation} has no log group")
        expect(group.get("kmsKeyId") and group.get("retentionInDays"), f"{operation}: {group}")
        denied = [a for s in x.denied(x.role_of(operation)) for a in many(s["Action"])]
        expect("logs:CreateLogGroup" in denied, f"{operation} may make a log group again")
    return "6 groups under the logs key, with retention; CreateLogGroup is denied"


def r047(x):
    """Place for failed events, concurrency on demand, X-Ray"""
    queue = x.client("sqs").get_queue_url(QueueName=x.properties("DeadLetterQueue")["QueueName"])["QueueUrl"]
    arn = x.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for operation, function in x.functions().items():
        equal(function.get("TracingConfig", {}).get("Mode"), "Active", f"tracing of {operation}")
        equal(function.get("DeadLetterConfig", {}).get("TargetArn"), arn, f"where failed events of {operation} go")
        reserved = x.client("lambda").get_function_concurrency(FunctionName=function["FunctionName"])
        expect("ReservedConcurrentExecutions" not in reserved, f"{operation} reserves concurrency that nobody asked for")
    return f"{arn.split(':')[-1]}, tracing Active"


def r048(x):
    """Invoke permission limited by SourceArn and SourceAccount"""
    count, api = 0, f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{x.physical('RestApi')}"
    for operation in OPERATIONS:
        try:
            policy = x.client("lambda").get_policy(FunctionName=x.named(operation))["Policy"]
        except x.client("lambda").exceptions.ResourceNotFoundException:
            continue
        for statement in statements(policy, "Allow"):
            count += 1
            keys = condition_keys(statement)
            service = statement["Principal"].get("Service")
            if service == "apigateway.amazonaws.com":
                # It sends no aws:SourceAccount; its ARN holds the account, and here one API and one method too.
                arn = "".join(v for values in statement["Condition"].values() for k, v in values.items() if k.lower() == "aws:sourcearn")
                expect(arn.startswith(f"{api}/") and "*" not in arn, f"{operation}: {statement['Sid']} for {arn}")
                continue
            expect("aws:sourceaccount" in keys, f"{operation}: {statement['Sid']} for any account")
            # These two are bound by account: who asks is not known before it asks.
            early = ("secretsmanager.amazonaws.com", "config.amazonaws.com")
            expect("aws:sourcearn" in keys or service in early, f"{operation}: {statement['Sid']} for any source")
    expect(count, "nobody may invoke anything")
    return f"{count} permissions, each bound to the account, and to a source where it is known before; the API's to one method each"


def r049(x):
    """Function code: built in, replaceable"""
    shas = {f["CodeSha256"] for f in x.functions().values()}
    equal(len(shas), 1, "the number of bundles")
    # Lambda's sum of what it got, and that of what the provider hands out.
    hexadecimal, beside = base64.b64decode(shas.pop()).hex(), x.neighbour("beside")
    equal(hexadecimal, hashlib.sha256(built_in(x.provider, x.settings)).hexdigest(), "the code")
    brought = beside.settings["functions"]["code"]
    theirs = x.client("s3").get_object(Bucket=brought["s3_bucket"], Key=brought["s3_key"])["Body"].read()
    shas = {base64.b64decode(f["CodeSha256"]).hex() for f in beside.functions().values()}
    equal(shas, {hashlib.sha256(theirs).hexdigest()}, "the code of the neighbour, which brings its own,")
    expect(hexadecimal not in shas, "the neighbour brings what is built in, which shows nothing")
    return f"CodeSha256 {hexadecimal}; the neighbour's is s3://{brought['s3_bucket']}/{brought['s3_key']}"
