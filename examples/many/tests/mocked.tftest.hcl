# Without an account and in seconds. Run: terraform test -filter=tests/mocked.tftest.hcl

mock_provider "tap" {}

run "a_pipeline_for_each_team" {
  assert {
    condition     = toset(keys(output.api_endpoints)) == toset(["claims", "payments"])
    error_message = "Each team should have an API."
  }
  assert {
    condition     = alltrue([for team, pipeline in tap_secure_pipeline.team : pipeline.name == team && pipeline.tags["team"] == team])
    error_message = "A pipeline should bear its team's name and tag."
  }
}

run "a_team_more" {
  command = plan

  variables {
    teams = {
      claims   = { emails = ["claims@example.com"] }
      payments = { emails = ["payments@example.com"] }
      travel   = { emails = ["travel@example.com"] }
    }
  }

  assert {
    condition     = tap_secure_pipeline.team["travel"].alerts.emails == toset(["travel@example.com"])
    error_message = "A team should hear of its own pipeline."
  }
}
