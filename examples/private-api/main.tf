# An API that is called from inside of a network that exists, with its endpoints,
# and from nowhere else.

terraform {
  required_providers {
    tap = {
      source = "terraform.local/tap/tap"
    }
  }
}

provider "tap" {
  region = "us-east-1"
}

variable "network" {
  description = "The network that the functions run in, and the group of its interface endpoints."
  type = object({
    vpc_id                     = string
    subnet_ids                 = list(string)
    endpoint_security_group_id = string
  })
}

resource "tap_secure_pipeline" "documents" {
  name               = "documents"
  environment_suffix = "dev"

  network = var.network

  api = {
    endpoint_type = "PRIVATE"
  }
}

# What calls the API carries this group beside its own.
output "callers_security_group_id" {
  value = tap_secure_pipeline.documents.physical_ids["ExecuteApiSecurityGroup"]
}

output "api_endpoint" {
  value = tap_secure_pipeline.documents.api_endpoint
}
