locals {
  documents = {
    name               = "documents"
    environment_suffix = "prod"
    storage            = { noncurrent_glacier_after_days = 60 }
  }

  allowed    = jsondecode(provider::tap::required_iam_policy(local.documents, "123456789012", "us-east-1"))
  statements = local.allowed.Statement

  # A managed policy has room for 6,144 characters: the statements that begin in the same 4,000 go into one.
  begins = [for at, one in local.statements : length(jsonencode(slice(local.statements, 0, at)))]
  parts  = [for begin in local.begins : floor(begin / 4000)]
}

# What the deployer of the pipeline may do. Each is the `policy` of an `aws_iam_policy` that is attached to the role
# which applies, by a configuration that somebody else applies.
output "deployer_policies" {
  value = {
    for part in distinct(local.parts) : "deploys-documents-prod-${part}" => jsonencode({
      Version   = local.allowed.Version
      Statement = [for at, one in local.statements : one if local.parts[at] == part]
    })
  }
}
