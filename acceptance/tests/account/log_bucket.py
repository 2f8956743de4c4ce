# A bucket in which CloudTrail and Config may write. Both look whether they may
# before they take it.
import json

import boto3


def log_bucket(name, region="us-east-1"):
    s3, arn = boto3.client("s3", region_name=region), f"arn:aws:s3:::{name}"
    elsewhere = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **elsewhere)
    admits = {"Sid": "Logs", "Effect": "Allow", "Principal": {"Service": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]},
              "Action": ["s3:GetBucketAcl", "s3:ListBucket", "s3:PutObject"], "Resource": [arn, f"{arn}/*"]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [admits]}))
    return name
