# An API whose callers show a certificate of their own, under a domain of
# yours. The domain's DNS record is yours to point at API Gateway.

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

variable "domain_name" {
  description = "Domain of the API."
  type        = string
}

variable "certificate_arn" {
  description = "Certificate of the domain in ACM, in the pipeline's region."
  type        = string
}

variable "truststore_uri" {
  description = "PEM file of the accepted authorities, as s3://bucket/key."
  type        = string
}

resource "tap_secure_pipeline" "documents" {
  name               = "documents"
  environment_suffix = "dev"

  api = {
    mutual_tls = {
      domain_name     = var.domain_name
      certificate_arn = var.certificate_arn
      truststore_uri  = var.truststore_uri
    }
  }
}

output "api_endpoint" {
  value = tap_secure_pipeline.documents.api_endpoint
}
