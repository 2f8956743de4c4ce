# What an account says for all of its buckets. boto3 puts the account's number
# before the host's name, where no loopback address has one: so the request is
# made by hand.
import os
import urllib.request

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest


def public_access_block(method, body=b""):
    url = os.environ["AWS_ENDPOINT_URL"] + "/v20180820/configuration/publicAccessBlock"
    request = AWSRequest(method=method, url=url, data=body, headers={"x-amz-account-id": "123456789012", "content-type": "application/xml"})
    SigV4Auth(boto3.Session().get_credentials(), "s3", "us-east-1").add_auth(request)
    made = urllib.request.Request(url, data=body or None, method=method, headers=dict(request.headers))
    return urllib.request.urlopen(made).read().decode()
