"""Takes a document in or finds it, and checks its type and size."""

import base64
import json
import os

import boto3
from botocore.exceptions import ClientError

import audit

s3 = boto3.client("s3")
BUCKET = os.environ["DOCUMENT_BUCKET"]
TYPES = {"application/pdf", "application/msword", "text/plain"}
MAX_BYTES = 10 * 1024 * 1024


def handler(event, context):
    body = json.loads(event.get("body") or "{}")
    key = body.get("document_key")
    if not key:
        return audit.answer(400, {"error": "document_key is required"})
    if "content" in body:
        content = base64.b64decode(body["content"], validate=True)
        s3.put_object(Bucket=BUCKET, Key=key, Body=content, ContentType=body.get("content_type", "text/plain"))
    try:
        head = s3.head_object(Bucket=BUCKET, Key=key)
    except ClientError as error:
        # HEAD has no body, so S3's code is the bare status.
        if error.response["Error"]["Code"] == "404":
            return audit.answer(404, {"error": "Document not found"})
        raise
    errors = []
    if head["ContentType"] not in TYPES:
        errors.append(f"Invalid content type: {head['ContentType']}")
    if head["ContentLength"] > MAX_BYTES:
        errors.append(f"File too large: {head['ContentLength']} bytes")
    result = {"valid": not errors, "errors": errors}
    audit.write(context, "validate_document", key, "failure" if errors else "success", result)
    return audit.answer(400 if errors else 200, result)
