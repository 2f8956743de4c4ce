# Queues and their policies.

sqs = Late("sqs")


@kind("queues")
def queues():
    """By name: the host in a URL is that of whoever asks."""
    return {url.split("/")[-1] for url in sqs.list_queues().get("QueueUrls", [])}


@identify("AWS::SQS::Queue")
def identify_queue(x, id, p):
    return {"Ref": sqs.get_queue_url(QueueName=p["QueueName"])["QueueUrl"], "Arn": f"arn:aws:sqs:{region}:{account}:{p['QueueName']}"}


def queue_attributes(url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


@compare("AWS::SQS::Queue")
def compare_queue(x, id, p):
    url = x.names[id]["Ref"]
    x.saw("queues", p["QueueName"])
    live = queue_attributes(url)
    # What SQS gives to a queue of which nothing is said.
    defaults = {"KmsDataKeyReusePeriodSeconds": 300, "MessageRetentionPeriod": 345600, "VisibilityTimeout": 30}
    found = {name: int(live[name]) for name in defaults if name in live}
    differ_by_property(id, defaults | p, found | {"KmsMasterKeyId": live.get("KmsMasterKeyId"), "QueueName": live["QueueArn"].split(":")[-1]})
    for name, expected in {"DelaySeconds": "0", "ReceiveMessageWaitTimeSeconds": "0", "RedrivePolicy": None}.items():
        differ(f"{id} {name}", expected, live.get(name))
    x.tags(id, p, sqs.list_queue_tags(QueueUrl=url)["Tags"])


@compare("AWS::SQS::QueuePolicy")
def compare_queue_policy(x, id, p):
    for url in p["Queues"]:
        differ(f"{id} PolicyDocument", policy(p["PolicyDocument"]), policy(json.loads(queue_attributes(url)["Policy"])))


def queue_attribute(name):
    return lambda id: queue_attributes(physical(id)).get(name)


def put_queue_attributes(**attributes):
    def put(id):
        given = {name: value() if callable(value) else value for name, value in attributes.items()}
        sqs.set_queue_attributes(QueueUrl=physical(id), Attributes=given)
    return put


def queue_tags(id):
    return sqs.list_queue_tags(QueueUrl=physical(id)).get("Tags", {})


def put_queue_tags(id, tags):
    sqs.tag_queue(QueueUrl=physical(id), Tags=tags)


TAG["AWS::SQS::Queue"] = (put_queue_tags, queue_tags)
CHANGES["AWS::SQS::Queue"] = [
    (["MessageRetentionPeriod"], put_queue_attributes(MessageRetentionPeriod="60"), queue_attribute("MessageRetentionPeriod")),
    (["VisibilityTimeout"], put_queue_attributes(VisibilityTimeout="31"), queue_attribute("VisibilityTimeout")),
    (["KmsMasterKeyId"], put_queue_attributes(KmsMasterKeyId=lambda: arn_of_key("DataKey")), queue_attribute("KmsMasterKeyId")),
    (["KmsDataKeyReusePeriodSeconds"], put_queue_attributes(KmsDataKeyReusePeriodSeconds="60"), queue_attribute("KmsDataKeyReusePeriodSeconds")),
    *tag_changes(put_queue_tags, lambda id, key: sqs.untag_queue(QueueUrl=physical(id), TagKeys=[key]), queue_tags),
]


def queue_policy(id):
    return json.loads(queue_attributes(physical(id))["Policy"])


def put_queue_policy(change):
    return lambda id: sqs.set_queue_attributes(QueueUrl=physical(id), Attributes={"Policy": json.dumps(change(queue_policy(id)))})


def plain_allowed(policy):
    for statement in policy["Statement"]:
        if statement["Sid"] == "OnlyTls":
            statement["Condition"]["Bool"]["aws:SecureTransport"] = "true"
    return policy


CHANGES["AWS::SQS::QueuePolicy"] = [
    (lambda id: [path_without_the_last(queue_policy(id))], put_queue_policy(without_the_last), queue_policy),
    (lambda id: condition_paths(queue_policy(id), "OnlyTls", "Bool.aws:SecureTransport", "true"),
     put_queue_policy(plain_allowed), queue_policy),
]


@deletes("AWS::SQS::QueuePolicy")
def delete_queue_policy(url):
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


@deletes("AWS::SQS::Queue")
def delete_queue(url):
    sqs.delete_queue(QueueUrl=url)
