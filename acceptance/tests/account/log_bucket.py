# A bucket in which CloudTrail and Config may write. Both look whether they may
# before they take it.
import json

import boto3


def log_bucket(name):
    s3, arn = boto3.client("s3"), f"arn:aws:s3:::{name}"
    s3.create_bucket(Bucket=name)
    admits = {"Sid": "Logs", "Effect": "Allow", "Principal": {"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]},
              "Action": ["s3:GetBucketAcl", "s3:ListBucket", "s3:PutObject"], "Resource": [arn, f"{arn}/*"]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [admits]}))
    return name
