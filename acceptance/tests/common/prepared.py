# What an account has before its first pipeline. Follows log_bucket.py.
trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
role = boto3.client("iam").create_role(RoleName="api-gateway-logs", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
boto3.client("apigateway").update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
boto3.client("guardduty").create_detector(Enable=True)
archive = log_bucket("of-the-log-archive")
recorder = boto3.client("config")
recorder.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role})
recorder.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": archive})
recorder.start_configuration_recorder(ConfigurationRecorderName="default")
trail = boto3.client("cloudtrail")
trail.create_trail(Name="management", S3BucketName=archive, IsMultiRegionTrail=True)
trail.start_logging(Name="management")
boto3.client("s3").delete_bucket(Bucket="of-the-log-archive")
