# Without an account and in seconds. Run: terraform test -filter=tests/mocked.tftest.hcl

mock_provider "tap" {
  mock_resource "tap_secure_pipeline" {
    defaults = {
      vpc_endpoint_ids = { s3 = "vpce-0123456789abcdef0" }
    }
  }
}

variables {
  vpc_id          = "vpc-0123456789abcdef0"
  subnet_ids      = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  route_table_ids = ["rtb-0123456789abcdef0"]
}

run "the_network_is_the_one_that_exists" {
  assert {
    condition     = tap_secure_pipeline.documents.network.vpc_id == var.vpc_id && tap_secure_pipeline.documents.network.subnet_ids == tolist(var.subnet_ids)
    error_message = "The functions should run in the network that was named."
  }
  assert {
    condition     = output.vpc_endpoint_ids["s3"] == "vpce-0123456789abcdef0"
    error_message = "The endpoints should be an output."
  }
}
