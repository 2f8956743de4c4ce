data "tap_secure_pipeline_template" "documents" {
  name               = "documents"
  environment_suffix = "prod"
}

resource "local_file" "template" {
  filename = "documents-prod.template.json"
  content  = data.tap_secure_pipeline_template.documents.json
}
