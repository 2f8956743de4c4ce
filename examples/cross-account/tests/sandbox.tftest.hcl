# Makes billed resources in the account that your credentials lead to, and destroys
# them: best in a sandbox account. Run: terraform test -filter=tests/sandbox.tftest.hcl

variables {
  auditor_account_id = "210987654321"
  external_id        = "b8f3d1c2-audit-2026"
  auditor_cidrs      = ["203.0.113.0/24"]
}

run "create" {
  assert {
    condition     = tap_secure_pipeline.documents.status == "READY"
    error_message = "The pipeline should be whole."
  }
  assert {
    condition     = strcontains(output.auditor_role_arn, ":role/auditor-documents-dev")
    error_message = "There should be a role for auditors."
  }
}

run "from_elsewhere" {
  variables {
    auditor_cidrs = ["198.51.100.0/24"]
  }

  assert {
    condition     = output.auditor_role_arn == run.create.auditor_role_arn
    error_message = "Addresses should change in place."
  }
}
