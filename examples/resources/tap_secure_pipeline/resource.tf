resource "tap_secure_pipeline" "documents" {
  name               = "documents"
  environment_suffix = "prod"

  encryption = { rotation_period_days = 365, deletion_window_days = 30 }
  storage    = { noncurrent_glacier_after_days = 30, force_destroy = false }
  audit      = { point_in_time_recovery = true }
  alerts     = { emails = ["security@example.com"] }

  deletion_protection = true
}
