# Without an account and in seconds. Run: terraform test -filter=tests/mocked.tftest.hcl

mock_provider "tap" {
  mock_resource "tap_secure_pipeline" {
    defaults = {
      api_endpoint = "https://documents.example.com"
    }
  }
}

variables {
  domain_name     = "documents.example.com"
  certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"
  truststore_uri  = "s3://truststore-111122223333/clients.pem"
}

run "callers_show_a_certificate" {
  assert {
    condition     = tap_secure_pipeline.documents.api.mutual_tls.truststore_uri == var.truststore_uri
    error_message = "The authorities should be those of the truststore."
  }
  assert {
    condition     = output.api_endpoint == "https://documents.example.com"
    error_message = "The endpoint should be an output."
  }
}
