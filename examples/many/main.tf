# One pipeline for each team, in one account: each with keys, buckets and
# functions of its own, and with a network of its own unless they share one. A
# region has five VPCs unless AWS has raised the quota; the plan counts.

terraform {
  required_providers {
    tap = {
      source = "terraform.local/tap/tap"
    }
  }
}

provider "tap" {
  region = "us-east-1"

  default_tags = {
    managed-by = "platform"
  }
}

variable "teams" {
  description = "By team, who is alerted."
  type        = map(object({ emails = set(string) }))

  default = {
    claims   = { emails = ["claims@example.com"] }
    payments = { emails = ["payments@example.com"] }
  }
}

variable "network" {
  description = "A network that all of them share, with endpoints of its own, of which a VPC has one for each service; null for one each."
  type = object({
    vpc_id                     = string
    subnet_ids                 = list(string)
    endpoint_security_group_id = string
  })
  default = null
}

resource "tap_secure_pipeline" "team" {
  for_each = var.teams

  name               = each.key
  environment_suffix = "dev"

  network = var.network
  alerts  = { emails = each.value.emails }
  tags    = { team = each.key }
}

output "api_endpoints" {
  value = { for team, pipeline in tap_secure_pipeline.team : team => pipeline.api_endpoint }
}
