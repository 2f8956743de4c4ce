# Topics, their policies and subscriptions.

sns = Late("sns")


@kind("topics")
def topics():
    return {t["TopicArn"] for t in listed("sns", "list_topics", "Topics")}


@kind("subscriptions")
def subscriptions():
    return {(s["TopicArn"], s["Endpoint"]) for s in listed("sns", "list_subscriptions", "Subscriptions")}


@identify("AWS::SNS::Topic")
def identify_topic(x, id, p):
    found = [arn for arn in x.all("topics") if arn.endswith(":" + p["TopicName"])]
    return {"Ref": found[0] if found else None}


@compare("AWS::SNS::Topic")
def compare_topic(x, id, p):
    arn = x.names[id]["Ref"]
    x.saw("topics", arn)
    differ(f"{id} KmsMasterKeyId", p["KmsMasterKeyId"], sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("KmsMasterKeyId"))
    x.tags(id, p, tag_map(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]))


@compare("AWS::SNS::TopicPolicy")
def compare_topic_policy(x, id, p):
    for arn in p["Topics"]:
        attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        differ(f"{id} PolicyDocument", policy(p["PolicyDocument"]), policy(json.loads(attributes["Policy"])))


@compare("AWS::SNS::Subscription")
def compare_subscription(x, id, p):
    x.saw("subscriptions", (p["TopicArn"], p["Endpoint"]))
    found = [s for s in listed("sns", "list_subscriptions", "Subscriptions") if (s["TopicArn"], s["Protocol"], s["Endpoint"]) == (p["TopicArn"], p["Protocol"], p["Endpoint"])]
    differ(f"{id}: subscriptions of {p['Endpoint']}", 1, len(found))


def topic(name):
    return lambda id: sns.get_topic_attributes(TopicArn=physical(id))["Attributes"].get(name) or ""


def put_topic(name, value):
    return lambda id: sns.set_topic_attributes(TopicArn=physical(id), AttributeName=name, AttributeValue=value() if callable(value) else value)


def topic_tags(id):
    return tag_map(sns.list_tags_for_resource(ResourceArn=physical(id))["Tags"])


def put_topic_tags(id, tags):
    sns.tag_resource(ResourceArn=physical(id), Tags=[{"Key": k, "Value": v} for k, v in tags.items()])


TAG["AWS::SNS::Topic"] = (put_topic_tags, topic_tags)
CHANGES["AWS::SNS::Topic"] = [
    (["DisplayName"], put_topic("DisplayName", "other"), topic("DisplayName")),
    (["KmsMasterKeyId"], put_topic("KmsMasterKeyId", lambda: arn_of_key("DataKey")), topic("KmsMasterKeyId")),
    (["KmsMasterKeyId"], put_topic("KmsMasterKeyId", ""), topic("KmsMasterKeyId")),
    *tag_changes(put_topic_tags, lambda id, key: sns.untag_resource(ResourceArn=physical(id), TagKeys=[key]), topic_tags),
]


def topic_policy(id):
    return json.loads(topic("Policy")(id))


def put_topic_policy(id):
    policy = without_the_last(topic_policy(id))
    sns.set_topic_attributes(TopicArn=physical(id), AttributeName="Policy", AttributeValue=json.dumps(policy))


CHANGES["AWS::SNS::TopicPolicy"] = [(lambda id: [path_without_the_last(topic_policy(id))], put_topic_policy, topic_policy)]

# What a subscription connects is all that it is.
CHANGES["AWS::SNS::Subscription"] = []


@deletes("AWS::SNS::Subscription")
def delete_subscription(identifier):
    topic, protocol, endpoint = identifier.split("|", 2)
    for subscription in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        if (subscription["Protocol"], subscription["Endpoint"]) == (protocol, endpoint):
            sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
            return
    raise Exception(f"there is no subscription {identifier}")


@deletes("AWS::SNS::TopicPolicy")
def delete_topic_policy(topic):
    # What SNS gives to a new topic, which is as near as a topic comes to none.
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps({
        "Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [{
            "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"},
            "Action": ["SNS:Publish"], "Resource": topic,
            "Condition": {"StringEquals": {"AWS:SourceOwner": topic.split(":")[4]}}}]}))


@deletes("AWS::SNS::Topic")
def delete_topic(arn):
    sns.delete_topic(TopicArn=arn)
