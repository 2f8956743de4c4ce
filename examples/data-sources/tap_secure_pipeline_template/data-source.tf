data "tap_secure_pipeline_template" "documents" {
  name               = "documents"
  environment_suffix = "prod"
}

# For cfn-lint, checkov or cdk-nag, which read a file: terraform output -raw template > documents-prod.template.json
output "template" {
  value = data.tap_secure_pipeline_template.documents.json
}
