# Without an account and in seconds. Run: terraform test -filter=tests/mocked.tftest.hcl

mock_provider "tap" {
  mock_resource "tap_secure_pipeline" {
    defaults = {
      physical_ids = { ExecuteApiSecurityGroup = "sg-0123456789abcdef0" }
    }
  }
}

variables {
  network = {
    vpc_id                     = "vpc-0123456789abcdef0"
    subnet_ids                 = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    endpoint_security_group_id = "sg-0123456789abcdef1"
  }
}

run "the_api_is_private" {
  assert {
    condition     = tap_secure_pipeline.documents.api.endpoint_type == "PRIVATE"
    error_message = "Nobody outside should reach it."
  }
  assert {
    condition     = output.callers_security_group_id == "sg-0123456789abcdef0"
    error_message = "Callers should know their group."
  }
}
