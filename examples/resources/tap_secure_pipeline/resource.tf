resource "tap_secure_pipeline" "documents" {
  name               = "documents"
  environment_suffix = "prod"

  encryption = { rotation_period_days = 365, deletion_window_days = 30 }
  storage    = { noncurrent_glacier_after_days = 30, force_destroy = false }
  network    = { cidr_block = "10.20.0.0/16", endpoint_zones = 2 }
  functions  = { per_function = { scan = { memory_mb = 1024 } } }
  api        = { rate_limit = 50, allowed_cidrs = ["198.51.100.0/24"] }
  alerts     = { emails = ["security@example.com"] }

  deletion_protection = true
}
