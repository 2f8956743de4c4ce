# A pipeline in a network that exists. The VPC must have DNS support and DNS
# host names switched on, and the subnets need no way to the internet.

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

variable "vpc_id" {
  description = "The VPC that the functions run in."
  type        = string
}

variable "subnet_ids" {
  description = "Two or more private subnets of it, each in another availability zone."
  type        = list(string)
}

variable "route_table_ids" {
  description = "Their route tables, for the gateway endpoints of S3 and DynamoDB."
  type        = list(string)
}

resource "tap_secure_pipeline" "documents" {
  name               = "documents"
  environment_suffix = "dev"

  network = {
    vpc_id          = var.vpc_id
    subnet_ids      = var.subnet_ids
    route_table_ids = var.route_table_ids
  }
}

output "vpc_endpoint_ids" {
  value = tap_secure_pipeline.documents.vpc_endpoint_ids
}
