# Without an account and in seconds. Run: terraform test -filter=tests/mocked.tftest.hcl

mock_provider "tap" {}

# Planned only: a test does not hand an ephemeral variable on to an apply.
run "what_holds_data_is_protected" {
  command = plan

  assert {
    condition     = tap_secure_pipeline.documents.deletion_protection && !tap_secure_pipeline.documents.storage.force_destroy
    error_message = "It should not go by accident."
  }
  assert {
    condition     = tap_secure_pipeline.brought.encryption.key_arns.data != tap_secure_pipeline.brought.encryption.key_arns.environment
    error_message = "Documents and environment variables should have keys of their own."
  }
}
