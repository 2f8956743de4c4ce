locals {
  documents = {
    name               = "documents"
    environment_suffix = "prod"
    storage            = { noncurrent_glacier_after_days = 60 }
  }

  allowed = jsondecode(provider::tap::required_iam_policy(local.documents, "123456789012", "us-east-1"))
}

# What the deployer of the pipeline may do, in policies that are short enough for IAM.
resource "aws_iam_policy" "deployer" {
  for_each = { for number, statements in chunklist(local.allowed.Statement, 10) : number => statements }

  name = "deploys-documents-prod-${each.key}"
  policy = jsonencode({
    Version   = local.allowed.Version
    Statement = each.value
  })
}
