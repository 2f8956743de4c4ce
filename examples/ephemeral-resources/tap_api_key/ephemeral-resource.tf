ephemeral "tap_api_key" "documents" {
  pipeline_id = tap_secure_pipeline.documents.id
  secret_arn  = tap_secure_pipeline.documents.api_key_secret_arn
}

# The key goes to the callers' own store, and into no plan and no state. Where another provider has a write-only
# attribute for it (`value_wo` of `aws_ssm_parameter`), that takes `ephemeral.tap_api_key.documents.value` as well.
resource "terraform_data" "callers" {
  provisioner "local-exec" {
    command     = "./store-api-key.sh"
    environment = { API_KEY = ephemeral.tap_api_key.documents.value }
  }
}
