"""Copies a document into the encrypted part of the bucket."""

import json
import os

import boto3

import audit

s3 = boto3.client("s3")
BUCKET = os.environ["DOCUMENT_BUCKET"]
KEY_ID = os.environ["KMS_KEY_ID"]


def handler(event, context):
    source = json.loads(event.get("body") or "{}").get("source_key")
    if not source:
        return audit.answer(400, {"error": "source_key is required"})
    target = f"encrypted/{source}"
    s3.copy_object(
        Bucket=BUCKET,
        CopySource={"Bucket": BUCKET, "Key": source},
        Key=target,
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=KEY_ID,
    )
    audit.write(context, "encrypt_document", source, "success", {"encrypted_key": target})
    return audit.answer(200, {"message": "Document encrypted successfully", "encrypted_key": target})
