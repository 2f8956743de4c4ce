# Of a pipeline that another configuration manages.
data "tap_secure_pipeline" "documents" {
  id = "documents-prod@eu-central-1"
}

# Whoever uploads may use its bucket.
data "aws_iam_policy_document" "upload" {
  statement {
    actions   = ["sts:AssumeRole"]
    resources = [data.tap_secure_pipeline.documents.role_arns["upload"]]
  }
}
