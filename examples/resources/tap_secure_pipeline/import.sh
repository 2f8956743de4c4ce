terraform import tap_secure_pipeline.documents documents-prod@eu-central-1
