provider "tap" {
  region              = "eu-central-1"
  allowed_account_ids = ["111122223333"]

  assume_role = {
    role_arn     = "arn:aws:iam::111122223333:role/deployer"
    session_name = "terraform"
  }

  default_tags = {
    team = "platform"
  }
}
