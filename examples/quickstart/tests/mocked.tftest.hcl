# Without an account and in seconds: what the configuration says, asserted
# against a provider that is mocked. Run: terraform test -filter=tests/mocked.tftest.hcl

mock_provider "tap" {
  mock_resource "tap_secure_pipeline" {
    defaults = {
      id           = "documents-dev@us-east-1"
      api_endpoint = "https://abc123.execute-api.us-east-1.amazonaws.com/v1"
    }
  }
}

run "defaults" {
  assert {
    condition     = tap_secure_pipeline.documents.storage.noncurrent_glacier_after_days == 30
    error_message = "Old versions should move to Glacier after 30 days."
  }
  assert {
    condition     = output.api_endpoint == "https://abc123.execute-api.us-east-1.amazonaws.com/v1"
    error_message = "The endpoint should be an output."
  }
}

run "a_longer_time" {
  command = plan

  variables {
    noncurrent_glacier_after_days = 90
  }

  assert {
    condition     = tap_secure_pipeline.documents.storage.noncurrent_glacier_after_days == 90
    error_message = "The variable should decide it."
  }
}
