//! terraform-provider-tap
