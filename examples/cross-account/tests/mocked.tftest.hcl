# Without an account and in seconds. Run: terraform test -filter=tests/mocked.tftest.hcl

mock_provider "tap" {
  mock_resource "tap_secure_pipeline" {
    defaults = {
      role_arns = { auditor = "arn:aws:iam::123456789012:role/auditor-documents-dev-us-east-1" }
    }
  }
}

variables {
  auditor_account_id = "210987654321"
  external_id        = "b8f3d1c2-audit-2026"
  auditor_cidrs      = ["203.0.113.0/24"]
}

run "auditors_prove_who_they_are" {
  assert {
    condition     = tap_secure_pipeline.documents.access.require_mfa && tap_secure_pipeline.documents.access.external_id == var.external_id
    error_message = "Auditors should need a second factor and the external id."
  }
  assert {
    condition     = output.auditor_role_arn == "arn:aws:iam::123456789012:role/auditor-documents-dev-us-east-1"
    error_message = "The role should be an output."
  }
}
