"""Audit table (DynamoDB)."""

import datetime

from frame import OPERATIONS, equal, expect, many


def _today():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")


def _table(x):
    return x.client("dynamodb").describe_table(TableName=x.named("audit"))["Table"]


def r070(x):
    """Audit table, key requestId and timestamp"""
    keys = {k["KeyType"]: k["AttributeName"] for k in _table(x)["KeySchema"]}
    equal(keys, {"HASH": "requestId", "RANGE": "timestamp"}, "the key")
    return x.named("audit")


def r071(x):
    """Point-in-time recovery"""
    backups = x.client("dynamodb").describe_continuous_backups(TableName=x.named("audit"))["ContinuousBackupsDescription"]
    equal(backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"], "ENABLED", "point-in-time recovery")
    return "ENABLED"


def r072(x):
    """Encryption with the data key"""
    sse = _table(x)["SSEDescription"]
    equal((sse["SSEType"], sse["KMSMasterKeyArn"]), ("KMS", x.key_arn("data")), "encryption")
    return sse["KMSMasterKeyArn"]


def r073(x):
    """Index by day and timestamp"""
    (index,) = _table(x)["GlobalSecondaryIndexes"]
    keys = {k["KeyType"]: k["AttributeName"] for k in index["KeySchema"]}
    equal(keys, {"HASH": "day", "RANGE": "timestamp"}, "its key")
    wanted = x.client("dynamodb").query(
        TableName=x.named("audit"), IndexName=index["IndexName"], KeyConditionExpression="#d = :day AND #t >= :from",
        ExpressionAttributeNames={"#d": "day", "#t": "timestamp"}, ExpressionAttributeValues={":day": {"S": _today()}, ":from": {"S": _today()}},
    )["Items"]
    times = [item["timestamp"]["S"] for item in wanted]
    expect(times and times == sorted(times), f"today's rows, in their order, are {times}")
    return f"{index['IndexName']}: {len(times)} rows of today in their order"


def r074(x):
    """On-demand capacity"""
    equal(_table(x)["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST", "billing")
    return "PAY_PER_REQUEST"


def r075(x):
    """Deletion protection off"""
    equal(_table(x).get("DeletionProtectionEnabled", False), False, "deletion protection")
    return "off by default"


def r076(x):
    """Audit rows append-only"""
    for operation in OPERATIONS:
        role = x.role_of(operation)
        may = {a for s in x.allowed(role) for a in many(s["Action"]) if a.startswith("dynamodb:")}
        expect(may <= {"dynamodb:PutItem"}, f"{operation} may {sorted(may)}")
        never = {a for s in x.denied(role) for a in many(s["Action"])}
        expect({"dynamodb:UpdateItem", "dynamodb:DeleteItem"} <= never, f"{operation} is not denied changes")
    rows = x.rows()
    expect(rows, "no row was written, which shows nothing")
    return f"PutItem only, changes denied; {len(rows)} rows; a repetition writes none (R097)"


def r077(x):
    """Processing metadata stored"""
    rows = x.rows(operation="scan")
    expect(rows, "no row of scan")
    row = rows[0]
    expect(row["requestId"].startswith("scan#"), f"its entity is {row['requestId']}")
    expect({"documentKey", "documentVersion", "durationMs", "verdict"} <= set(row), f"it has {sorted(row)}")
    return f"{row['requestId']}: {', '.join(sorted(row))}"
