# A whole pipeline with its defaults.

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

variable "noncurrent_glacier_after_days" {
  description = "Days after which old object versions move to Glacier."
  type        = number
  default     = 30
}

resource "tap_secure_pipeline" "documents" {
  name               = "documents"
  environment_suffix = "dev"

  storage = {
    noncurrent_glacier_after_days = var.noncurrent_glacier_after_days
  }

  alerts = {
    emails = ["security@example.com"]
  }
}

output "id" {
  value = tap_secure_pipeline.documents.id
}

output "bucket_names" {
  value = tap_secure_pipeline.documents.bucket_names
}

output "audit_table_name" {
  value = tap_secure_pipeline.documents.audit_table_name
}

output "key_arns" {
  value = tap_secure_pipeline.documents.key_arns
}

output "alert_topic_arn" {
  value = tap_secure_pipeline.documents.alert_topic_arn
}

output "api_endpoint" {
  value = tap_secure_pipeline.documents.api_endpoint
}

output "api_key_secret_arn" {
  value = tap_secure_pipeline.documents.api_key_secret_arn
}
