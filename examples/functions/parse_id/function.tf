# "eu-central-1"
output "region" {
  value = provider::tap::parse_id(tap_secure_pipeline.documents.id).region
}
