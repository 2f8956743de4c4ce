# Makes billed resources in the account that your credentials lead to, and destroys
# them, best in a sandbox account: a pipeline comes, is whole, changes in place and
# goes. Run: terraform test -filter=tests/sandbox.tftest.hcl

run "create" {
  assert {
    condition     = tap_secure_pipeline.documents.status == "READY"
    error_message = "The pipeline should be whole."
  }
  assert {
    condition     = length(tap_secure_pipeline.documents.drifted) == 0
    error_message = "Nothing should have drifted."
  }
}

run "change_in_place" {
  variables {
    noncurrent_glacier_after_days = 60
  }

  assert {
    condition     = output.id == run.create.id && output.key_arns == run.create.key_arns
    error_message = "A change should keep the pipeline and its keys."
  }
}
