# Every attribute once, most of them not at their default. Nobody needs all of it:
# leave out what shall stay as it is. The password that is only ever written
# needs Terraform 1.11 or newer.

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

variable "database_password" {
  description = "The database's password until its first rotation; null has AWS generate one."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

locals {
  account = "111122223333"
  region  = "us-east-1"
}

resource "tap_secure_pipeline" "documents" {
  name               = "documents"
  environment_suffix = "prod"

  encryption = {
    rotation_period_days = 180
    deletion_window_days = 30
  }

  storage = {
    noncurrent_glacier_after_days       = 60
    noncurrent_expire_after_days        = 730
    access_log_retention_days           = 730
    abort_incomplete_uploads_after_days = 3
    force_destroy                       = false
    access_log_encryption               = "aws:kms"
  }

  network = {
    cidr_block         = "10.20.0.0/18"
    availability_zones = 4
    endpoint_zones     = 2
    extra_endpoints    = ["athena", "ecr.api"]
  }

  functions = {
    architecture    = "x86_64"
    memory_mb       = 1024
    timeout_seconds = 25
    per_function = {
      scan      = { memory_mb = 2048, timeout_seconds = 29, reserved_concurrency = 20 }
      remediate = { timeout_seconds = 120 }
    }
    max_document_mb = 25
    document_types  = ["docx", "pdf"]
    patterns = {
      customer-id   = "\\bCU-[0-9]{8}\\b"
      policy-number = "(?i)policy ?no\\.? ?[0-9]{6,10}"
    }
  }

  api = {
    authorization = "AWS_IAM"
    endpoint_type = "REGIONAL"
    rate_limit    = 50.5
    burst_limit   = 100
    quota_per_day = 250000
    allowed_cidrs = ["198.51.100.0/24", "2001:db8:1::/48"]
    logging_role  = "managed"
  }

  firewall = {
    requests_per_5_minutes = 500
  }

  audit = {
    point_in_time_recovery = true
    recovery_period_days   = 14
  }

  monitoring = {
    log_retention_days  = 731
    api_calls           = "managed"
    read_only_api_calls = true
  }

  threats = {
    minimum_severity  = 4.5
    detector          = "managed"
    remediate_account = false
  }

  secrets = {
    rotation_days = 14
    credentials   = { database = "app", warehouse = "loader" }
  }

  access = {
    trusted_account_ids = ["210987654321"]
    external_id         = "b8f3d1c2-audit-2026"
    allowed_cidrs       = ["203.0.113.0/24"]
    require_mfa         = true
    administrator_arns = [
      "arn:aws:iam::${local.account}:role/platform/administrator",
      "arn:aws:iam::${local.account}:role/terraform",
    ]
  }

  compliance = {
    recorder       = "managed"
    auto_remediate = true
    custom_policies = {
      # Beside the rules that come with the pipeline: no table without the
      # tag that says who pays for it.
      cost-center = <<-GUARD
        rule has_cost_center when resourceType == "AWS::DynamoDB::Table" {
          tags["cost-center"] exists
        }
      GUARD
    }
  }

  alerts = {
    emails = ["oncall@example.com", "security@example.com"]
  }

  overrides = {
    DataKey = jsonencode({ Description = "Documents of the payments team" })
  }

  tags = {
    cost-center = "4711"
    team        = "payments"
  }

  # Here for the sake of completeness: leave both false, and set one for the apply that needs it.
  allow_data_loss = true
  adopt_existing  = true

  deletion_protection = true
  on_create_failure   = "resume"
  timeouts            = { create = "90m", update = "90m", delete = "2h" }
}

# What exists already is built on, and neither changed nor deleted: keys, a log
# bucket, a network, code, a certificate, a rotation function.
resource "tap_secure_pipeline" "brought" {
  name               = "claims"
  environment_suffix = "prod"

  encryption = {
    key_arns = {
      data        = "arn:aws:kms:${local.region}:${local.account}:key/1234abcd-12ab-34cd-56ef-1234567890aa"
      environment = "arn:aws:kms:${local.region}:${local.account}:key/1234abcd-12ab-34cd-56ef-1234567890bb"
      logs        = "arn:aws:kms:${local.region}:${local.account}:key/1234abcd-12ab-34cd-56ef-1234567890cc"
    }
  }

  storage = {
    log_bucket_name = "central-access-logs-${local.account}"
  }

  network = {
    vpc_id                     = "vpc-0123456789abcdef0"
    subnet_ids                 = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    route_table_ids            = ["rtb-0123456789abcdef0"]
    endpoint_security_group_id = "sg-0123456789abcdef0"
  }

  functions = {
    code = {
      s3_bucket         = "releases-${local.account}"
      s3_key            = "tap/bootstrap.zip"
      s3_object_version = "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY"
    }
  }

  api = {
    mutual_tls = {
      domain_name        = "claims.example.com"
      certificate_arn    = "arn:aws:acm:${local.region}:${local.account}:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"
      truststore_uri     = "s3://truststore-${local.account}/clients.pem"
      truststore_version = "rmSpXd3dIbrHY3sL4kqtJlcpXroDTDmJ"
    }
  }

  secrets = {
    rotation_function_arn = "arn:aws:lambda:${local.region}:${local.account}:function:rotate-database"
  }

  credential_passwords_wo         = { database = var.database_password }
  credential_passwords_wo_version = 1

  # It builds on the recorder, detector, trail and logging role that the other
  # one makes: the first plan, which sees none, warns, and the next one adds
  # what builds on them.
  depends_on = [tap_secure_pipeline.documents]
}

output "everything" {
  value = {
    id                  = tap_secure_pipeline.documents.id
    status              = tap_secure_pipeline.documents.status
    account_id          = tap_secure_pipeline.documents.account_id
    region              = tap_secure_pipeline.documents.region
    api_endpoint        = tap_secure_pipeline.documents.api_endpoint
    api_key_id          = tap_secure_pipeline.documents.api_key_id
    api_key_secret_arn  = tap_secure_pipeline.documents.api_key_secret_arn
    bucket_names        = tap_secure_pipeline.documents.bucket_names
    audit_table_name    = tap_secure_pipeline.documents.audit_table_name
    dashboard_url       = tap_secure_pipeline.documents.dashboard_url
    key_arns            = tap_secure_pipeline.documents.key_arns
    alert_topic_arn     = tap_secure_pipeline.documents.alert_topic_arn
    alert_subscriptions = tap_secure_pipeline.documents.alert_subscriptions
    web_acl_arn         = tap_secure_pipeline.documents.web_acl_arn
    vpc_id              = tap_secure_pipeline.documents.vpc_id
    subnet_ids          = tap_secure_pipeline.documents.subnet_ids
    vpc_endpoint_ids    = tap_secure_pipeline.documents.vpc_endpoint_ids
    function_names      = tap_secure_pipeline.documents.function_names
    role_arns           = tap_secure_pipeline.documents.role_arns
    session_policy      = tap_secure_pipeline.documents.session_policy
  }
}
