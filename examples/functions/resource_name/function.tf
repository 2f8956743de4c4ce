# A bucket beside the pipeline's own, under a name like theirs: "reports-documents-prod".
resource "aws_s3_bucket" "reports" {
  bucket = provider::tap::resource_name("reports", "documents", "prod", 63)
}
