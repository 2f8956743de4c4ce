"""Compliance rules (AWS Config)."""

import json

from frame import ACCOUNT, equal, eventually, expect

# Two of the pipeline's own, one of the user's.
RULES = ("EncryptionConfigRule", "AccessConfigRule", "DataEncryptedPolicyRule")


def _rule(x, id):
    name = x.properties(id)["ConfigRuleName"]
    return x.client("config").describe_config_rules(ConfigRuleNames=[name])["ConfigRules"][0]


def _custom(x, id, check):
    rule = _rule(x, id)
    equal(rule["Source"]["Owner"], "CUSTOM_LAMBDA", f"who answers {id}")
    equal(rule["Source"]["SourceIdentifier"], x.function("evaluate")["FunctionArn"], "which function")
    equal(json.loads(rule["InputParameters"]), {"check": check}, "what it asks")
    return rule["ConfigRuleName"]


def _judged(x, rule, check, configurations):
    """What Config is told of the topic in each of these states."""
    found = []
    for configuration in configurations:
        x.evaluate(rule, check, "AWS::SNS::Topic", x.topic_arn(), configuration=configuration)
        answer = x.client("config").get_compliance_details_by_resource(ResourceType="AWS::SNS::Topic", ResourceId=x.topic_arn())
        found += [r["ComplianceType"] for r in answer["EvaluationResults"] if r["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ConfigRuleName"] == rule]
    equal(found, ["COMPLIANT", "NON_COMPLIANT"], f"what {rule} says")
    return f"{rule}: CUSTOM_LAMBDA, and Config was told {' and '.join(found)}"


def _policy(x, id, name):
    """A rule of the user's own, which Config answers itself."""
    rule = _rule(x, id)
    source, config = rule["Source"], x.client("config")
    equal(source["Owner"], "CUSTOM_POLICY", f"who answers {id}")
    equal(source["CustomPolicyDetails"]["PolicyRuntime"], "guard-2.x.x", "what reads it")
    heard = {detail["MessageType"] for detail in source["SourceDetails"]}
    equal(heard, {"ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification"}, "when it is asked")
    text = config.get_custom_rule_policy(ConfigRuleName=rule["ConfigRuleName"])["PolicyText"]
    equal(text, x.settings["compliance"]["custom_policies"][name], "the policy")
    return f"{rule['ConfigRuleName']}: CUSTOM_POLICY of {len(text)} characters"


def r109(x):
    """Custom rules validate encryption"""
    rule = _custom(x, "EncryptionConfigRule", "encryption")
    told = _judged(x, rule, "encryption", [{"KmsMasterKeyId": x.key_arn("logs")}, {"KmsMasterKeyId": "alias/aws/sns"}])
    return f"{told}; {_policy(x, 'DataEncryptedPolicyRule', 'data-encrypted')}"


def r110(x):
    """Custom rules validate access policies"""
    rule = _custom(x, "AccessConfigRule", "access")
    policy = x.client("sns").get_topic_attributes(TopicArn=x.topic_arn())["Attributes"]["Policy"]
    anybody = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}]})
    return _judged(x, rule, "access", [{"Policy": policy}, {"Policy": anybody}])


def r111(x):
    """Recorder and delivery channel are the account's; made only when told to"""
    for kind in ("recorders", "delivery channels"):
        expect(x.before["singletons"][kind], f"the account has no {kind} to begin with")
        equal(x.now["singletons"][kind], x.before["singletons"][kind], f"the {kind}")
    abroad = x.neighbour("abroad").client("config")
    (recorder,) = abroad.describe_configuration_recorders()["ConfigurationRecorders"]
    (channel,) = abroad.describe_delivery_channels()["DeliveryChannels"]
    equal(channel["s3BucketName"], x.neighbour("abroad").buckets()["logs"], "where the made one delivers")
    (status,) = abroad.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    equal(status["recording"], True, "whether the made one records")
    return f"DescribeConfigurationRecorders is as before; recorder = managed made {recorder['name']} and its channel in a region that had none"


def r112(x):
    """Recorder role uses service-role/AWS_ConfigRole"""
    abroad = x.neighbour("abroad")
    (recorder,) = abroad.client("config").describe_configuration_recorders()["ConfigurationRecorders"]
    role = recorder["roleARN"].split("/")[-1]
    attached = {p["PolicyArn"] for p in x.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]}
    wanted = "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole"
    expect(wanted in attached, f"{role} has {sorted(attached)}")
    others = [a for a in attached - {wanted} if not a.startswith(f"arn:aws:iam::{ACCOUNT}:policy/")]
    expect(not others, f"{role} has {others} of AWS's too")
    trust = x.client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    equal([s["Principal"] for s in trust["Statement"]], [{"Service": "config.amazonaws.com"}], "who assumes it")
    expect(not x.of_type("AWS::Config::ConfigurationRecorder"), "this pipeline has a recorder of its own")
    return f"{role} of the neighbour's recorder has service-role/AWS_ConfigRole; in managed mode only"


def _changed(x, rule, bucket, compliance):
    """The detail of Config's event about a bucket."""
    qualifier = {"configRuleName": rule, "resourceType": "AWS::S3::Bucket", "resourceId": bucket}
    result = {"complianceType": compliance, "evaluationResultIdentifier": {"evaluationResultQualifier": qualifier}}
    return {
        "resourceId": bucket, "resourceType": "AWS::S3::Bucket", "awsRegion": "us-east-1", "awsAccountId": ACCOUNT, "configRuleName": rule,
        "recordVersion": "1.0", "messageType": "ComplianceChangeNotification", "newEvaluationResult": result,
    }


def r113(x):
    """Non-compliance auto-remediated, of the pipeline's own resources"""
    bucket, s3, rule = x.buckets()["processed"], x.client("s3"), x.properties("EncryptionConfigRule")["ConfigRuleName"]
    remediate, look = x.function("remediate")["FunctionArn"], lambda: s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    before = look()
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
    expect(look() != before, "the bucket cannot be broken, which shows nothing")
    event, told = x.deliver("aws.config", "Config Rules Compliance Change", _changed(x, rule, bucket, "NON_COMPLIANT"))
    expect(remediate in told, f"it reaches {sorted(told)}")
    equal(look(), before, f"the encryption of {bucket} afterwards")
    verdicts = {row["verdict"] for row in x.rows(operation="remediate", requestId=event)}
    expect("remediated" in verdicts, f"the rows say {verdicts}")
    for other in (_changed(x, rule, bucket, "COMPLIANT"), _changed(x, "of-somebody-else", bucket, "NON_COMPLIANT")):
        _, told = x.deliver("aws.config", "Config Rules Compliance Change", other)
        expect(not told, f"{other['configRuleName']}, {other['newEvaluationResult']['complianceType']} reaches {sorted(told)}")
    names = {x.properties(id)["ConfigRuleName"] for id in RULES}
    equal(set(x.rules()["ComplianceRule"]["Pattern"]["detail"]["configRuleName"]), names, "the rules that it hears of")
    return f"{bucket} had AES256; {rule} told {x.named('remediate')}, which put aws:kms back; neither compliance nor others' rules are heard"


def r114(x):
    """Compliance change goes to SNS"""
    x.listen()
    rule, bucket = x.properties("AccessConfigRule")["ConfigRuleName"], x.buckets()["logs"]
    event, told = x.deliver("aws.config", "Config Rules Compliance Change", _changed(x, rule, bucket, "NON_COMPLIANT"))
    expect(x.topic_arn() in told, f"it reaches {sorted(told)}")
    eventually(lambda: x.alerts(event, bucket, "NON_COMPLIANT"), "EventBridge's alert")
    eventually(lambda: x.alerts('"non-compliant-resource"', bucket, rule), "remediation's alert")
    return f"the topic had {rule}'s word on {bucket} of EventBridge, and of remediation what came of it"


def r115(x):
    """Rules scoped to pipeline resources, by tag"""
    for id in RULES:
        scope = _rule(x, id).get("Scope", {})
        equal((scope.get("TagKey"), scope.get("TagValue")), ("tap:pipeline", x.pipeline), f"the scope of {id}")
    return f"tap:pipeline = {x.pipeline}"
