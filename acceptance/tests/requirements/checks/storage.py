"""Storage (S3)."""

import json

import boto3

from frame import REGION, destroyed, equal, expect, many, statements, tag_map


def _each(x, look):
    s3 = x.client("s3")
    return {role: look(s3, bucket) for role, bucket in x.buckets().items()}


def _denials(x, role):
    return statements(x.client("s3").get_bucket_policy(Bucket=x.buckets()[role])["Policy"], "Deny")


def r008(x):
    """Versioning on document buckets"""
    found = _each(x, lambda s3, bucket: s3.get_bucket_versioning(Bucket=bucket).get("Status"))
    equal(found, {"raw": "Enabled", "processed": "Enabled", "logs": "Enabled"}, "versioning")
    # Outside of raw/, of which the pipeline would hear. R017 wants versions and a marker.
    s3, bucket, key = x.client("s3"), x.buckets()["raw"], "other/r008"
    first = s3.put_object(Bucket=bucket, Key=key, Body=b"first")["VersionId"]
    s3.put_object(Bucket=bucket, Key=key, Body=b"second")
    expect(s3.delete_object(Bucket=bucket, Key=key).get("DeleteMarker"), "a delete leaves no marker")
    equal(s3.get_object(Bucket=bucket, Key=key, VersionId=first)["Body"].read(), b"first", "the first version, overwritten and deleted,")
    return "Enabled on all three buckets; what was overwritten and deleted can be read"


def r009(x):
    """Server access logging of document buckets to a separate bucket with prefix"""
    found = _each(x, lambda s3, bucket: s3.get_bucket_logging(Bucket=bucket).get("LoggingEnabled"))
    prefixes = []
    for role in ("raw", "processed"):
        expect(found[role], f"{role} is not logged")
        equal(found[role]["TargetBucket"], x.buckets()["logs"], f"where {role} is logged")
        prefixes.append(found[role]["TargetPrefix"])
    expect(all(prefixes) and len(set(prefixes)) == 2, f"prefixes {prefixes}")
    return f"to {x.buckets()['logs']} under {' and '.join(prefixes)}"


def r010(x):
    """Block Public Access: four flags on every bucket"""
    for role, block in _each(x, lambda s3, bucket: s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]).items():
        expect(len(block) == 4 and all(block.values()), f"{role}: {block}")
    return "four flags on three buckets"


def r011(x):
    """Default SSE-KMS with CMK and bucket key on every bucket"""
    keys = {"raw": "data", "processed": "data", "logs": "logs"}
    for role, found in _each(x, lambda s3, bucket: s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]).items():
        default = found["ApplyServerSideEncryptionByDefault"]
        equal((default["SSEAlgorithm"], default.get("KMSMasterKeyID"), found.get("BucketKeyEnabled")), ("aws:kms", x.key_arn(keys[role]), True), f"encryption of {role}")
    return "aws:kms with the data and logs keys, bucket key on"


def r012(x):
    """Bucket policy denies wrongly encrypted uploads, and not those that say nothing"""
    for role in ("raw", "processed"):
        denials = [s for s in _denials(x, role) if "s3:PutObject" in many(s["Action"])]
        expect(any("s3:x-amz-server-side-encryption-aws-kms-key-id" in json.dumps(s) for s in denials), f"{role}: any key will do")
        for s in denials:
            negated = {k for operator, keys in s["Condition"].items() if "Not" in operator for k in keys}
            present = {k for k, v in s["Condition"].get("Null", {}).items() if v == "false"}
            expect(negated <= present, f"{role}: {s.get('Sid')} also denies uploads without {negated - present}")
            expect(s["Condition"] .keys() != {"Null"}, f"{role}: {s.get('Sid')} denies by absence alone")
    logs = [s for s in _denials(x, "logs") if "s3:PutObject" in many(s["Action"])]
    expect(not logs, "the log bucket refuses uploads by their encryption, log delivery's too")
    x.client("s3").put_object(Bucket=x.buckets()["raw"], Key="other/says-nothing", Body=b"x")
    head = x.client("s3").head_object(Bucket=x.buckets()["raw"], Key="other/says-nothing")
    equal((head.get("ServerSideEncryption"), head.get("SSEKMSKeyId")), ("aws:kms", x.key_arn("data")), "the encryption of an upload that names none")
    return "raw and processed deny another algorithm or key, only when one is named; an upload that names none arrived"


def r013(x):
    """Bucket policy denies plain HTTP and TLS below 1.2"""
    for role in x.buckets():
        conditions = [json.dumps(s.get("Condition"), sort_keys=True) for s in _denials(x, role) if s["Principal"] in ("*", {"AWS": "*"})]
        expect('{"Bool": {"aws:SecureTransport": "false"}}' in conditions, f"{role} takes plain HTTP")
        expect(any("s3:TlsVersion" in c and "1.2" in c for c in conditions), f"{role} takes TLS below 1.2")
    return "three policies deny both"


def r014(x):
    """Bucket topology: raw, processed, logs"""
    def whose(s3, bucket):
        try:
            return tag_map(s3.get_bucket_tagging(Bucket=bucket)["TagSet"]).get("tap:pipeline")
        except s3.exceptions.ClientError as error:
            expect(error.response["Error"]["Code"] == "NoSuchTagSet", str(error))

    live = [b["Name"] for b in x.client("s3").list_buckets()["Buckets"]]
    ours = {name for name in live if whose(x.client("s3"), name) == x.pipeline}
    equal(ours, set(x.buckets().values()), "the pipeline's buckets")
    return ", ".join(sorted(ours))


def r015(x):
    """Noncurrent versions to Glacier after 30 days; uploads aborted; kept a year"""
    for role, rules in _each(x, lambda s3, bucket: s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]).items():
        moves = [t for r in rules for t in r.get("NoncurrentVersionTransitions", [])]
        expect({"NoncurrentDays": 30, "StorageClass": "GLACIER"} in moves, f"{role}: {moves}")
        expect(any(r.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation") == 7 for r in rules), f"{role}: unfinished uploads stay")
        kept = [r["NoncurrentVersionExpiration"]["NoncurrentDays"] for r in rules if "NoncurrentVersionExpiration" in r]
        kept += [r["Expiration"]["Days"] for r in rules if "Days" in r.get("Expiration", {})]
        expect(kept and min(kept) >= 365, f"{role}: kept {kept} days")
    return "GLACIER after 30 days, multipart uploads aborted after 7, nothing expires within a year"


def r016(x):
    """ACLs disabled"""
    found = _each(x, lambda s3, bucket: s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"][0]["ObjectOwnership"])
    equal(set(found.values()), {"BucketOwnerEnforced"}, "object ownership")
    return "BucketOwnerEnforced on three buckets"


@destroyed
def r017(x):
    """Buckets emptied (versions and delete markers) on destroy"""
    expect(x.held and x.held["raw"]["Versions"] > 1 and x.held["raw"]["DeleteMarkers"], f"the raw bucket held {x.held} before the destroy, which shows nothing")
    left = {b["Name"] for b in x.client("s3").list_buckets()["Buckets"]} & set(x.buckets().values())
    expect(not left, f"still there: {left}")
    raw, processed = x.held["raw"], x.held["processed"]
    return f"{raw['Versions']} versions and {raw['DeleteMarkers']} markers were in raw, {processed['Versions']} versions in processed; the buckets are gone"


def r018(x):
    """Bucket names globally unique"""
    other = "210987654321"
    # The sandbox takes an access key of twelve digits for an account.
    theirs = boto3.client("s3", region_name=REGION, aws_access_key_id=other, aws_secret_access_key="test")
    for bucket in x.buckets().values():
        try:
            theirs.create_bucket(Bucket=bucket)
            expect(False, f"another account may have {bucket} too, which shows nothing")
        except theirs.exceptions.BucketAlreadyExists:
            pass
    names = {r["Properties"]["BucketName"] for r in x.render(account_id=other).values() if r["Type"] == "AWS::S3::Bucket"}
    equal(len(names), len(x.buckets()), "the number of its buckets")
    for bucket in names:
        theirs.create_bucket(Bucket=bucket)
        theirs.delete_bucket(Bucket=bucket)
    long = x.render(name="a-name-of-thirty-two-characters0", environment_suffix="sixteencharacter")
    lengths = [len(r["Properties"]["BucketName"]) for r in long.values() if r["Type"] == "AWS::S3::Bucket"]
    expect(max(lengths) <= 63, f"{lengths} characters")
    return f"{other} is refused our three names and gets its own three, for the same settings; the longest has {max(lengths)} characters"
