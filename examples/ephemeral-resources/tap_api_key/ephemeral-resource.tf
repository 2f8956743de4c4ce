ephemeral "tap_api_key" "documents" {
  pipeline_id = tap_secure_pipeline.documents.id
  secret_arn  = tap_secure_pipeline.documents.api_key_secret_arn
}

# The key goes to the callers' own store, and into no plan and no state.
resource "aws_ssm_parameter" "api_key" {
  name             = "/callers/documents/api-key"
  type             = "SecureString"
  value_wo         = ephemeral.tap_api_key.documents.value
  value_wo_version = 1
}
