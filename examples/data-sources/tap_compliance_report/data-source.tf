data "tap_compliance_report" "documents" {
  pipeline_id = tap_secure_pipeline.documents.id

  lifecycle {
    postcondition {
      condition     = self.failed == 0
      error_message = "${self.failed} findings of ${self.pipeline_id} fail."
    }
  }
}

resource "local_file" "report" {
  filename = "documents-prod.html"
  content  = data.tap_compliance_report.documents.html
}
