# "reports-documents-prod": the name of a bucket beside the pipeline's own, for the `bucket` of an `aws_s3_bucket`.
output "reports_bucket" {
  value = provider::tap::resource_name("reports", "documents", "prod", 63)
}
