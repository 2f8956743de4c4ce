# Makes billed resources in the account that your credentials lead to, and destroys
# them: best in a sandbox account. Run: terraform test -filter=tests/sandbox.tftest.hcl

run "create" {
  assert {
    condition     = alltrue([for pipeline in tap_secure_pipeline.team : pipeline.status == "READY"])
    error_message = "Every pipeline should be whole."
  }
  assert {
    condition     = length(distinct([for pipeline in tap_secure_pipeline.team : pipeline.key_arns["data"]])) == 2
    error_message = "Each team should have a key of its own."
  }
}

run "a_team_less" {
  variables {
    teams = { claims = { emails = ["claims@example.com"] } }
  }

  assert {
    condition     = output.api_endpoints == { claims = run.create.api_endpoints["claims"] }
    error_message = "The others' pipelines should stay as they are."
  }
}
