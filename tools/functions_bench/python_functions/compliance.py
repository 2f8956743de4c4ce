"""Looks for personal data in a document by regular expressions, keeps the
counts beside the documents and alerts when there are any."""

import json
import os
import re

import boto3

import audit

s3 = boto3.client("s3")
sns = boto3.client("sns")
BUCKET = os.environ["DOCUMENT_BUCKET"]
TOPIC_ARN = os.environ["TOPIC_ARN"]
PATTERNS = {
    "ssn": re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
    "credit_card": re.compile(r"\b(?:\d[ -]?){12,18}\d\b"),
    "email": re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b"),
    "phone": re.compile(r"(?<!\d)(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}(?!\d)"),
    "ip_address": re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),
}


def handler(event, context):
    key = json.loads(event.get("body") or "{}").get("document_key")
    if not key:
        return audit.answer(400, {"error": "document_key is required"})
    text = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode("utf-8", errors="replace")
    counts = {name: sum(1 for _ in pattern.finditer(text)) for name, pattern in PATTERNS.items()}
    issues = [name for name, count in counts.items() if count]
    result = {"pci_dss_compliant": not issues, "counts": counts, "issues": issues}
    s3.put_object(
        Bucket=BUCKET,
        Key=f"scan-results/{key}.json",
        Body=json.dumps(result).encode(),
        ContentType="application/json",
    )
    audit.write(context, "compliance_scan", key, "non_compliant" if issues else "compliant", result)
    if issues:
        sns.publish(TopicArn=TOPIC_ARN, Subject="Non-compliant document", Message=json.dumps({"key": key, **result}))
    return audit.answer(200, result)
