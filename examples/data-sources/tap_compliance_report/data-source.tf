data "tap_compliance_report" "documents" {
  pipeline_id = tap_secure_pipeline.documents.id
}

# Each plan and apply warns of findings that fail. A postcondition in the data source would stop them instead.
check "compliance" {
  assert {
    condition     = data.tap_compliance_report.documents.failed == 0
    error_message = "${data.tap_compliance_report.documents.failed} findings fail."
  }
}

# The page has the time in it: terraform-provider-tap report --html ID > report.html makes a file of it.
output "failed" {
  value = [
    for finding in data.tap_compliance_report.documents.findings :
    "${finding.check} of ${finding.logical_id}: ${finding.observed}" if finding.status == "fail"
  ]
}
