# A role with which auditors of another account read the pipeline's evidence:
# with an external id, a second factor and from known addresses only.

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

variable "auditor_account_id" {
  description = "Account of the auditors."
  type        = string
}

variable "external_id" {
  description = "What they say when they assume the role. Agree upon it with them; it is no secret."
  type        = string
}

variable "auditor_cidrs" {
  description = "Addresses that they come from."
  type        = set(string)
}

resource "tap_secure_pipeline" "documents" {
  name               = "documents"
  environment_suffix = "dev"

  access = {
    trusted_account_ids = [var.auditor_account_id]
    external_id         = var.external_id
    allowed_cidrs       = var.auditor_cidrs
    require_mfa         = true
  }
}

output "auditor_role_arn" {
  value = tap_secure_pipeline.documents.role_arns["auditor"]
}

# For `aws sts assume-role --policy`: the session reads this pipeline and no more,
# whatever is attached to the role later.
output "auditor_session_policy" {
  value = tap_secure_pipeline.documents.session_policy
}
