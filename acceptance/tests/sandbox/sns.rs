//! Topics and subscriptions as AWS documents them. A test that is named after a shim fails
//! without it; the others show what the emulator does right alone.

use super::*;

#[test]
fn a_topic_keeps_its_attributes_and_tags() {
    let script = r#"
sns = c("sns")
arn = sns.create_topic(Name="trip", Attributes={"KmsMasterKeyId": "alias/logs", "DisplayName": "Alerts"}, Tags=[{"Key": "tap:pipeline", "Value": "p"}])["TopicArn"]
document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": arn, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}
sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(document))
sns.set_topic_attributes(TopicArn=arn, AttributeName="SignatureVersion", AttributeValue="2")
sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
sns.untag_resource(ResourceArn=arn, TagKeys=["a"])
found = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
result = [found["KmsMasterKeyId"], found["DisplayName"], found["SignatureVersion"], json.loads(found["Policy"]) == document, sns.list_tags_for_resource(ResourceArn=arn)["Tags"]]
sns.delete_topic(TopicArn=arn)
out(result + [code(sns.get_topic_attributes, TopicArn=arn), code(sns.delete_topic, TopicArn=arn)])"#;
    assert_eq!(
        run(shared(), script),
        json!(["alias/logs", "Alerts", "2", true, [{"Key": "tap:pipeline", "Value": "p"}], "NotFound", "ok"])
    );
}

#[test]
fn sns_email_confirmation_is_pending_until_somebody_clicks() {
    let sandbox = shared();
    let script = r#"
sns = c("sns")
arn = sns.create_topic(Name="confirmed")["TopicArn"]
def state():
    counts = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    return [[s["SubscriptionArn"].replace(arn, "T")[:20] for s in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]], counts["SubscriptionsPending"], counts["SubscriptionsConfirmed"]]
"#;
    let before = run(
        sandbox,
        &format!(
            r#"{script}
one = sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="click@example.com")["SubscriptionArn"]
two = sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="click@example.com", ReturnSubscriptionArn=True)["SubscriptionArn"]
three = sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:queue")["SubscriptionArn"]
sns.unsubscribe(SubscriptionArn=three)
attributes = sns.get_subscription_attributes(SubscriptionArn=two)["Attributes"]
out([one, two.startswith(arn), attributes["PendingConfirmation"], code(sns.unsubscribe, SubscriptionArn=two), code(sns.unsubscribe, SubscriptionArn="PendingConfirmation"), state()])"#
        ),
    );
    assert_eq!(
        before,
        json!([
            "pending confirmation",
            true,
            "true",
            "InvalidParameter",
            "InvalidParameter",
            [["PendingConfirmation"], "1", "0"]
        ])
    );
    sandbox.confirm("click@example.com").unwrap();
    let after = run(
        sandbox,
        &format!(
            r#"{script}
confirmed = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"][0]["SubscriptionArn"]
attributes = sns.get_subscription_attributes(SubscriptionArn=confirmed)["Attributes"]
again = sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="click@example.com")["SubscriptionArn"] == confirmed
counts = state()[1:]
out([confirmed.startswith(arn), attributes["PendingConfirmation"], again, counts, code(sns.unsubscribe, SubscriptionArn=confirmed), state()])"#
        ),
    );
    assert_eq!(
        after,
        json!([true, "false", true, ["0", "1"], "ok", [[], "0", "0"]])
    );
}

#[test]
fn sns_topic_conflict_refuses_other_tags_and_attributes() {
    let script = r#"
sns = c("sns")
same = dict(Name="conflict", Attributes={"DisplayName": "A"}, Tags=[{"Key": "a", "Value": "b"}])
sns.create_topic(**same)
out([code(sns.create_topic, **same), code(sns.create_topic, Name="conflict"), code(sns.create_topic, Name="conflict", Tags=[{"Key": "a", "Value": "c"}]), code(sns.create_topic, Name="conflict", Attributes={"DisplayName": "B"})])"#;
    assert_eq!(
        run(shared(), script),
        json!(["ok", "ok", "InvalidParameter", "InvalidParameter"])
    );
}

#[test]
fn sns_topic_attributes_are_only_those_that_there_are() {
    let script = r#"
sns = c("sns")
arn = sns.create_topic(Name="attributes")["TopicArn"]
out([code(sns.set_topic_attributes, TopicArn=arn, AttributeName=name, AttributeValue=value) for name, value in (("Bogus", "1"), ("Policy", "{"), ("TracingConfig", "Active"), ("HTTPSuccessFeedbackSampleRate", "5"))])"#;
    assert_eq!(
        run(shared(), script),
        json!(["InvalidParameter", "InvalidParameter", "ok", "ok"])
    );
}

#[test]
fn sns_error_codes_name_a_missing_topic_as_the_wire_does() {
    assert_eq!(
        run(
            shared(),
            r#"out(code(c("sns").list_tags_for_resource, ResourceArn="arn:aws:sns:us-east-1:123456789012:none-such"))"#
        ),
        json!("ResourceNotFound")
    );
}
