//! Buckets and objects as AWS documents them. A test that is named after a shim fails
//! without it; the others show what the emulator does right alone.

use super::*;

#[test]
fn a_bucket_keeps_all_of_its_configuration() {
    let script = r#"
s3 = c("s3"); key = c("kms").create_key()["KeyMetadata"]["Arn"]; b = "trip-raw"
s3.create_bucket(Bucket="trip-logs")
s3.create_bucket(Bucket=b, CreateBucketConfiguration={"Tags": [{"Key": "tap:pipeline", "Value": "p"}]})
s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
s3.put_bucket_encryption(Bucket=b, ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}, "BucketKeyEnabled": True}]})
s3.put_bucket_ownership_controls(Bucket=b, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
s3.put_bucket_lifecycle_configuration(Bucket=b, LifecycleConfiguration={"Rules": [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "NoncurrentVersionTransitions": [{"NoncurrentDays": 30, "StorageClass": "GLACIER"}], "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}]})
s3.put_bucket_logging(Bucket=b, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "trip-logs", "TargetPrefix": "raw/"}})
s3.put_bucket_notification_configuration(Bucket=b, NotificationConfiguration={"EventBridgeConfiguration": {}})
document = {"Version": "2012-10-17", "Statement": [{"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{b}", f"arn:aws:s3:::{b}/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}
s3.put_bucket_policy(Bucket=b, Policy=json.dumps(document))
rule = s3.get_bucket_encryption(Bucket=b)["ServerSideEncryptionConfiguration"]["Rules"][0]
s3.put_object(Bucket=b, Key="a.pdf", Body=b"%PDF-1.7")
head = s3.head_object(Bucket=b, Key="a.pdf")
out({
    "tags": s3.get_bucket_tagging(Bucket=b)["TagSet"], "versioning": s3.get_bucket_versioning(Bucket=b)["Status"],
    "encryption": [rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key, rule["BucketKeyEnabled"]],
    "ownership": s3.get_bucket_ownership_controls(Bucket=b)["OwnershipControls"]["Rules"][0]["ObjectOwnership"],
    "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=b)["Rules"],
    "logging": s3.get_bucket_logging(Bucket=b)["LoggingEnabled"], "events": "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=b),
    "policy": json.loads(s3.get_bucket_policy(Bucket=b)["Policy"]) == document,
    "object": [head["ServerSideEncryption"], head["SSEKMSKeyId"] == key],
})"#;
    assert_eq!(
        run(shared(), script),
        json!({
            "tags": [{"Key": "tap:pipeline", "Value": "p"}], "versioning": "Enabled", "encryption": [true, true], "ownership": "BucketOwnerEnforced",
            "lifecycle": [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "NoncurrentVersionTransitions": [{"NoncurrentDays": 30, "StorageClass": "GLACIER"}], "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}],
            "logging": {"TargetBucket": "trip-logs", "TargetPrefix": "raw/"}, "events": true, "policy": true, "object": ["aws:kms", true],
        })
    );
}

#[test]
fn a_bucket_is_emptied_in_batches_and_deleted() {
    let script = r#"
s3 = c("s3"); b = "emptied"
s3.create_bucket(Bucket=b)
s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
for n in range(5):
    s3.put_object(Bucket=b, Key=f"k{n % 3}", Body=b"x")
s3.delete_object(Bucket=b, Key="k0")
upload = s3.create_multipart_upload(Bucket=b, Key="big")["UploadId"]
s3.upload_part(Bucket=b, Key="big", UploadId=upload, PartNumber=1, Body=b"x" * 1000)
full = code(s3.delete_bucket, Bucket=b)
found = []
for page in s3.get_paginator("list_object_versions").paginate(Bucket=b, PaginationConfig={"PageSize": 2}):
    batch = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in page.get("Versions", []) + page.get("DeleteMarkers", [])]
    found += batch
    assert "Errors" not in s3.delete_objects(Bucket=b, Delete={"Objects": batch, "Quiet": True})
uploads = [u["Key"] for u in s3.list_multipart_uploads(Bucket=b)["Uploads"]]
s3.abort_multipart_upload(Bucket=b, Key="big", UploadId=upload)
out([full, len(found), uploads, code(s3.delete_bucket, Bucket=b), code(s3.head_bucket, Bucket=b)])"#;
    assert_eq!(
        run(shared(), script),
        json!(["BucketNotEmpty", 6, ["big"], "ok", "404"])
    );
}

#[test]
fn s3_version_pages_go_on_after_a_page_that_was_deleted() {
    let script = r#"
s3 = c("s3"); counts = []
for b, versioned in (("paged", True), ("paged-plain", False)):
    s3.create_bucket(Bucket=b)
    if versioned:
        s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
    for n in range(6 if versioned else 3):
        s3.put_object(Bucket=b, Key=f"a&{n % 3}", Body=b"x")
    whole = [v["VersionId"] for v in s3.list_object_versions(Bucket=b)["Versions"]]
    pages = [[v["VersionId"] for v in page["Versions"]] for page in s3.get_paginator("list_object_versions").paginate(Bucket=b, PaginationConfig={"PageSize": 1})]
    assert sum(pages, []) == whole, (whole, pages)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=b, PaginationConfig={"PageSize": 1}):
        s3.delete_objects(Bucket=b, Delete={"Objects": [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in page["Versions"]]})
    counts += [len(whole), code(s3.delete_bucket, Bucket=b)]
out(counts)"#;
    assert_eq!(run(shared(), script), json!([6, "ok", 3, "ok"]));
}

#[test]
fn a_strangers_bucket_of_the_same_name_is_not_ours() {
    let script = r#"
c("s3", aws_access_key_id="210987654321", aws_secret_access_key="x").create_bucket(Bucket="a-strangers")
s3 = c("s3")
out([code(s3.create_bucket, Bucket="a-strangers"), code(s3.head_bucket, Bucket="a-strangers"), code(s3.get_bucket_tagging, Bucket="a-strangers")])"#;
    assert_eq!(
        run(shared(), script),
        json!(["BucketAlreadyExists", "403", "AccessDenied"])
    );
}

#[test]
fn s3_new_bucket_blocks_public_access_and_creating_it_again_changes_nothing() {
    let script = r#"
s3 = c("s3")
s3.create_bucket(Bucket="new-bucket")
first = set(s3.get_public_access_block(Bucket="new-bucket")["PublicAccessBlockConfiguration"].values())
s3.delete_public_access_block(Bucket="new-bucket")
again = code(s3.create_bucket, Bucket="new-bucket")
out([list(first), again, code(s3.get_public_access_block, Bucket="new-bucket")])"#;
    assert_eq!(
        run(shared(), script),
        json!([[true], "ok", "NoSuchPublicAccessBlockConfiguration"])
    );
}

#[test]
fn s3_policy_document_refuses_what_is_no_policy_and_other_buckets() {
    let script = r#"
s3 = c("s3")
s3.create_bucket(Bucket="policed")
put = lambda resource, **more: code(s3.put_bucket_policy, Bucket="policed", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": resource, **more}]}))
out([put("arn:aws:s3:::policed/*"), put("arn:aws:s3:::policed-not/*", Principal="*"), put("arn:aws:s3:::policed/*", Principal="*")])"#;
    assert_eq!(
        run(shared(), script),
        json!(["MalformedPolicy", "MalformedPolicy", "ok"])
    );
}

#[test]
fn s3_logging_target_must_exist_in_the_same_region() {
    let script = r#"
s3 = c("s3")
s3.create_bucket(Bucket="logged"); s3.create_bucket(Bucket="logged-to")
c("s3", "eu-central-1").create_bucket(Bucket="logged-to-eu", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
out([code(s3.put_bucket_logging, Bucket="logged", BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": ""}}) for target in ("logged-to-none", "logged-to-eu", "logged-to")])"#;
    let invalid = "InvalidTargetBucketForLogging";
    assert_eq!(run(shared(), script), json!([invalid, invalid, "ok"]));
}

#[test]
fn s3_region_sends_callers_of_another_region_away() {
    let sandbox = shared();
    let script = r#"
import urllib.request, urllib.error
eu = c("s3", "eu-central-1")
eu.create_bucket(Bucket="regional", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
url = c("s3").generate_presigned_url("get_bucket_versioning", Params={"Bucket": "regional"})
try:
    urllib.request.build_opener(type("Stay", (urllib.request.HTTPRedirectHandler,), {"redirect_request": lambda *_: None})).open(url)
except urllib.error.HTTPError as error:
    found = [error.code, error.headers["x-amz-bucket-region"]]
out(found + [code(eu.get_bucket_versioning, Bucket="regional"), code(c("s3", "eu-central-1").create_bucket, Bucket="unconstrained")])"#;
    assert_eq!(
        run(sandbox, script),
        json!([
            301,
            "eu-central-1",
            "ok",
            "IllegalLocationConstraintException"
        ])
    );
}
