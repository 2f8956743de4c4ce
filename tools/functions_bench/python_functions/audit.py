"""One row per operation, as the first implementation wrote it, but append-only
and with the request id that Lambda's context really has."""

import json
import os
from datetime import datetime, timezone

import boto3

table = boto3.resource("dynamodb").Table(os.environ["AUDIT_TABLE"])


def write(context, action, document_key, result, details):
    table.put_item(
        Item={
            "requestId": context.aws_request_id,
            "timestamp": datetime.now(timezone.utc).isoformat(),
            "action": action,
            "document_key": document_key,
            "result": result,
            "details": json.dumps(details),
        },
        ConditionExpression="attribute_not_exists(requestId)",
    )


def answer(status, body):
    return {"statusCode": status, "body": json.dumps(body)}
