"""Functions (Lambda)."""

import base64
import json

from frame import ACCOUNT, OPERATIONS, REGION, condition_keys, equal, eventually, expect, many, statements

CLEAN = b"Minutes of the meeting. Nothing was decided.\n"
CARD = b"Please charge card 4111 1111 1111 1111 until 12/29 and write to jane@example.com.\n"


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
    limit = x.function("validate")["Environment"]["Variables"].get("TAP_MAX_DOCUMENT_BYTES")
    equal(limit, "10485760", "the largest document")
    return "400 without a key, 404 without an object, a program named .pdf refused, a text accepted and recorded"


def r042(x):
    """Encryption: copy to encrypted/<key> with aws:kms and the key"""
    x.upload("r042.txt", CLEAN)
    _row(x, "encrypt", "r042.txt")
    head = x.client("s3").head_object(Bucket=x.buckets()["processed"], Key="encrypted/r042.txt")
    equal((head["ServerSideEncryption"], head.get("SSEKMSKeyId")), ("aws:kms", x.key_arn("data")), "how the copy is encrypted")
    return "encrypted/r042.txt is under the data key; an audit row of encrypt"


def r043(x):
    """Compliance scan: patterns, checksum, masked result, alert"""
    x.upload("r043.txt", CARD)
    row = _row(x, "scan", "r043.txt")
    equal(row["verdict"], "non-compliant", "the verdict on a card number")
    s3, bucket = x.client("s3"), x.buckets()["processed"]
    results = s3.list_objects_v2(Bucket=bucket, Prefix="scan-results/r043.txt/").get("Contents", [])
    equal(len(results), 1, "the number of results")
    text = s3.get_object(Bucket=bucket, Key=results[0]["Key"])["Body"].read().decode()
    for pan in ("4111111111111111", "4111 1111 1111 1111"):
        expect(pan not in text and pan not in json.dumps(row), "the card number stands in the result or the row")
    x.upload("r043-clean.txt", CLEAN)
    equal(_row(x, "scan", "r043-clean.txt")["verdict"], "clean", "the verdict on nothing")
    return f"non-compliant and clean; result {results[0]['Key']} and row are masked"


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
    found = {operation: _row(x, operation, "r045.txt")["requestId"] for operation in ("validate", "encrypt", "scan")}
    others = [operation for operation in ("rotate", "remediate", "evaluate") if not any("PutItem" in json.dumps(s) for s in x.allowed(x.role_of(operation)))]
    expect(not others, f"may write no row: {others}")
    return ", ".join(found.values())


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
    wanted = x.properties("ValidateFunction")["Code"]["S3Key"]
    expect(len(wanted) == 68 and wanted.endswith(".zip"), f"the code's key is {wanted}")
    theirs = x.render(functions={"code": {"s3_bucket": "of-our-own", "s3_key": "code.zip"}})
    equal(theirs["ValidateFunction"]["Properties"]["Code"]["S3Bucket"], "of-our-own", "the bucket of brought code")
    hexadecimal = base64.b64decode(shas.pop()).hex()
    return f"CodeSha256 {hexadecimal}; brought code is taken from its own bucket"
