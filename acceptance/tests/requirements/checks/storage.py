"""Storage (S3)."""

import json

from frame import ACCOUNT, REGION, destroyed, equal, expect, many, statements, template_only


def _each(x, look):
    s3 = x.client("s3")
    return {role: look(s3, bucket) for role, bucket in x.buckets().items()}


def _denials(x, role):
    return statements(x.client("s3").get_bucket_policy(Bucket=x.buckets()[role])["Policy"], "Deny")


def r008(x):
    """Versioning on document buckets"""
    found = _each(x, lambda s3, bucket: s3.get_bucket_versioning(Bucket=bucket).get("Status"))
    equal(found, {"raw": "Enabled", "processed": "Enabled", "logs": "Enabled"}, "versioning")
    return "Enabled on all three buckets"


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
    live = {b["Name"] for b in x.client("s3").list_buckets()["Buckets"]}
    ours = {name for name in live if f"-{x.name}-{x.suffix}-" in name}
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
    expect(x.held["raw"] > 0, "the raw bucket was empty before the destroy, which shows nothing")
    left = {b["Name"] for b in x.client("s3").list_buckets()["Buckets"]} & set(x.buckets().values())
    expect(not left, f"still there: {left}")
    return f"{x.held['raw']} versions and markers were in raw, {x.held['processed']} in processed; the buckets are gone"


@template_only
def r018(x):
    """Bucket names globally unique"""
    def names(account):
        return {r["Properties"]["BucketName"] for r in x.render(account_id=account).values() if r["Type"] == "AWS::S3::Bucket"}

    one, other = names(ACCOUNT), names("210987654321")
    expect(not one & other, f"the same in two accounts: {one & other}")
    long = x.render(name="a-name-of-thirty-two-characters0", environment_suffix="sixteencharacter")
    lengths = [len(r["Properties"]["BucketName"]) for r in long.values() if r["Type"] == "AWS::S3::Bucket"]
    expect(max(lengths) <= 63 and REGION in min(one), f"{lengths} characters")
    return f"account and region are in the names; the longest has {max(lengths)} characters"
