# A pipeline that another configuration manages.
data "tap_secure_pipeline" "documents" {
  id = "documents-prod@eu-central-1"
}

locals {
  documents = data.tap_secure_pipeline.documents
  api       = "${local.documents.region}:${local.documents.account_id}:${local.documents.physical_ids["RestApi"]}"
}

# For the policy of the principals that call the API: they sign their requests, and the pipeline makes no role for them.
output "caller_policy" {
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "execute-api:Invoke"
      Resource = "arn:aws:execute-api:${local.api}/v1/POST/documents/*"
    }]
  })
}

output "api_endpoint" {
  value = local.documents.api_endpoint
}

# For alarms of your own that tell the same people.
output "alert_topic_arn" {
  value = local.documents.alert_topic_arn
}
