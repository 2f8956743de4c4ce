//! Whose a resource is: strangers, second states, many pipelines at once.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;

use acceptance::{Call, Sandbox};
use common::{
    ADDRESS, apply, expect_clean_destroy, expect_code, expect_empty_account, expect_empty_plan,
    pipeline, sandbox, terraform,
};
use live::{ACCOUNT, Settings, expect_exactly, expect_exactly_all};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn documents() -> Settings {
    Settings::new("documents")
}

/// What a stranger makes, how to tell that it is untouched, and how the
/// stranger removes it again.
struct Stranger {
    logical_id: &'static str,
    name: String,
    make: String,
    look: String,
    remove: String,
}

fn strangers() -> Vec<Stranger> {
    let bucket = format!("documents-raw-documents-dev-{ACCOUNT}-us-east-1");
    let topic = format!("arn:aws:sns:us-east-1:{ACCOUNT}:alerts-documents-dev");
    vec![
        Stranger {
            logical_id: "RawBucket",
            name: bucket.clone(),
            make: format!(
                "s3 = boto3.client('s3')\ns3.create_bucket(Bucket='{bucket}')\ns3.put_object(Bucket='{bucket}', Key='mine', Body=b'mine')\n\
                 s3.put_bucket_tagging(Bucket='{bucket}', Tagging={{'TagSet': [{{'Key': 'team', 'Value': 'theirs'}}]}})"
            ),
            look: format!(
                "s3 = boto3.client('s3')\nprint(json.dumps([s3.get_object(Bucket='{bucket}', Key='mine')['Body'].read().decode(), \
                 s3.get_bucket_tagging(Bucket='{bucket}')['TagSet'], s3.get_bucket_versioning(Bucket='{bucket}').get('Status')]))"
            ),
            remove: format!(
                "s3 = boto3.client('s3')\ns3.delete_object(Bucket='{bucket}', Key='mine')\ns3.delete_bucket(Bucket='{bucket}')"
            ),
        },
        Stranger {
            logical_id: "AuditTable",
            name: "audit-documents-dev".into(),
            make: "boto3.client('dynamodb').create_table(TableName='audit-documents-dev', BillingMode='PAY_PER_REQUEST', \
                   AttributeDefinitions=[{'AttributeName': 'id', 'AttributeType': 'S'}], KeySchema=[{'AttributeName': 'id', 'KeyType': 'HASH'}])"
                .into(),
            look: "t = boto3.client('dynamodb').describe_table(TableName='audit-documents-dev')['Table']\n\
                   print(json.dumps([t['KeySchema'], t['TableStatus'], t.get('SSEDescription'), \
                   boto3.client('dynamodb').list_tags_of_resource(ResourceArn=t['TableArn'])['Tags']]))"
                .into(),
            remove: "boto3.client('dynamodb').delete_table(TableName='audit-documents-dev')".into(),
        },
        Stranger {
            logical_id: "AlertsTopic",
            name: "alerts-documents-dev".into(),
            make: "boto3.client('sns').create_topic(Name='alerts-documents-dev', Tags=[{'Key': 'team', 'Value': 'theirs'}])".into(),
            look: format!(
                "sns = boto3.client('sns')\na = sns.get_topic_attributes(TopicArn='{topic}')['Attributes']\n\
                 print(json.dumps([a.get('KmsMasterKeyId'), a.get('Policy'), sns.list_tags_for_resource(ResourceArn='{topic}')['Tags']]))"
            ),
            remove: format!("boto3.client('sns').delete_topic(TopicArn='{topic}')"),
        },
        Stranger {
            logical_id: "DataKeyAlias",
            name: "alias/data-documents-dev".into(),
            make: "kms = boto3.client('kms')\nkms.create_alias(AliasName='alias/data-documents-dev', TargetKeyId=kms.create_key(Description='theirs')['KeyMetadata']['KeyId'])"
                .into(),
            look: "m = boto3.client('kms').describe_key(KeyId='alias/data-documents-dev')['KeyMetadata']\n\
                   print(json.dumps([m['KeyId'], m['Description'], m['KeyState']]))"
                .into(),
            remove: "kms = boto3.client('kms')\nkey = kms.describe_key(KeyId='alias/data-documents-dev')['KeyMetadata']['KeyId']\n\
                     kms.delete_alias(AliasName='alias/data-documents-dev')\nkms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)"
                .into(),
        },
    ]
}

/// The create is refused by name; then either the stranger goes and the
/// create is continued, or the create is destroyed and the stranger stays.
fn refuses(stranger: &Stranger, goes_on: bool) {
    let sandbox = sandbox();
    sandbox
        .boto3(&stranger.make)
        .expect("the stranger's is made");
    let before = sandbox.boto3(&stranger.look).expect("it is there");
    let account = sandbox.account().expect("answers");
    let terraform = terraform(&sandbox, &pipeline(""));
    let ran = terraform.apply(&[]).expect("runs");
    let id = stranger.logical_id;
    expect_code(&ran, 1, &format!("a stranger's {id}"));
    let text = ran.flat();
    for part in [id, &stranger.name, "left alone"] {
        assert!(
            text.contains(part),
            "the refusal should say {part:?}:\n{}",
            ran.text
        );
    }
    assert_eq!(
        sandbox.boto3(&stranger.look).expect("it is still there"),
        before,
        "a stranger's {id} is left as it was"
    );
    if goes_on {
        sandbox
            .boto3(&stranger.remove)
            .expect("the stranger removes it");
        apply(&terraform);
        expect_exactly(&sandbox, &documents());
        expect_empty_plan(&terraform);
    }
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 0, "destroy");
    if goes_on {
        expect_empty_account(&sandbox);
    } else {
        assert_eq!(
            sandbox.account().expect("answers"),
            account,
            "destroy leaves what the stranger had, and nothing of ours"
        );
        assert_eq!(
            sandbox.boto3(&stranger.look).expect("it is still there"),
            before,
            "a stranger's {id} is left as it was by destroy too"
        );
    }
}

#[test]
fn a_strangers_bucket_is_refused_by_name_and_left_alone_by_destroy() {
    refuses(&strangers()[0], false);
}

#[test]
fn a_strangers_table_is_refused_by_name_and_the_create_goes_on_when_it_is_gone() {
    refuses(&strangers()[1], true);
}

#[test]
fn a_strangers_topic_is_refused_by_name_and_left_alone_by_destroy() {
    refuses(&strangers()[2], false);
}

#[test]
fn a_strangers_alias_is_refused_by_name_and_the_create_goes_on_when_it_is_gone() {
    refuses(&strangers()[3], true);
}

#[test]
fn a_second_state_of_one_name_is_refused_with_the_import_command_and_adopts_when_told_to() {
    let sandbox = sandbox();
    let first = terraform(&sandbox, &pipeline(""));
    apply(&first);
    let second = terraform(&sandbox, &pipeline(""));
    let before = sandbox.last_sequence().expect("recorded");
    let plan = second.plan(&[]).expect("runs");
    expect_code(&plan, 2, "the plan of a second state");
    assert!(
        plan.flat().contains("The pipeline exists already"),
        "the plan should warn of it:\n{}",
        plan.text
    );
    let ran = second.apply(&[]).expect("runs");
    expect_code(&ran, 1, "a second state of one name");
    let text = ran.flat();
    for part in [
        "documents-dev@us-east-1 exists already",
        "terraform import",
        "documents-dev@us-east-1",
        "adopt_existing = true",
    ] {
        assert!(
            text.contains(part),
            "the refusal should say {part:?}:\n{}",
            ran.text
        );
    }
    assert_eq!(
        second.state_of(ADDRESS).expect("a state"),
        Value::Null,
        "what was refused is in no state"
    );
    let called: Vec<Call> = sandbox
        .mutations_since(before)
        .expect("recorded")
        .into_iter()
        .filter(|call| call.status == Some(200))
        .collect();
    assert!(
        called.is_empty(),
        "a refused create changes nothing: {called:?}"
    );
    expect_empty_plan(&first);

    let adopting = documents()
        .with("adopt_existing", true)
        .with("encryption.rotation_period_days", 180);
    second
        .configure(&pipeline(&adopting.hcl()))
        .expect("written");
    let plan = second.plan(&[]).expect("runs");
    assert!(
        plan.flat().contains("An existing pipeline will be adopted"),
        "the plan should say so:\n{}",
        plan.text
    );
    let keys = first.state_of(ADDRESS).expect("a state")["key_arns"].clone();
    apply(&second);
    expect_exactly(&sandbox, &adopting);
    expect_empty_plan(&second);
    assert_eq!(
        second.state_of(ADDRESS).expect("a state")["key_arns"],
        keys,
        "adopted, not made anew"
    );

    // The first state has lost its right: it can neither change nor delete.
    first
        .configure(&pipeline("  encryption = { rotation_period_days = 200 }"))
        .expect("written");
    let ran = first.apply(&[]).expect("runs");
    expect_code(&ran, 1, "an update by the state that lost it");
    assert!(
        ran.flat().contains("another Terraform state"),
        "{}",
        ran.text
    );
    let ran = first.destroy().expect("runs");
    expect_code(&ran, 0, "destroy by the state that lost it");
    assert!(
        ran.flat()
            .contains("Nothing was deleted: another state owns the pipeline"),
        "it should warn:\n{}",
        ran.text
    );
    expect_exactly(&sandbox, &adopting);
    expect_empty_plan(&second);
    expect_clean_destroy(&second, &sandbox);
}

#[test]
fn create_before_destroy_with_adoption_cannot_delete_its_own_pipeline() {
    let sandbox = sandbox();
    let text =
        pipeline("  adopt_existing = true\n  lifecycle {\n    create_before_destroy = true\n  }");
    let terraform = terraform(&sandbox, &text);
    apply(&terraform);
    let before = terraform.state_of(ADDRESS).expect("a state");
    let ran = terraform
        .apply(&[&format!("-replace={ADDRESS}")])
        .expect("runs");
    expect_code(&ran, 0, "-replace with create_before_destroy");
    let after = terraform.state_of(ADDRESS).expect("a state");
    assert_ne!(
        before["incarnation"], after["incarnation"],
        "it was claimed anew"
    );
    assert_eq!(
        before["key_arns"], after["key_arns"],
        "and nothing was deleted"
    );
    expect_exactly(&sandbox, &documents());
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);
}

#[test]
fn what_was_imported_can_be_destroyed() {
    let sandbox = sandbox();
    let settings = documents().with("alerts.emails", json!(["a@example.com"]));
    let first = terraform(&sandbox, &pipeline(&settings.hcl()));
    apply(&first);
    let second = terraform(&sandbox, &pipeline(&settings.hcl()));
    let ran = second
        .run(&[
            "import",
            "-input=false",
            "-no-color",
            ADDRESS,
            "documents-dev@us-east-1",
        ])
        .expect("runs");
    expect_code(&ran, 0, "import");
    expect_clean_destroy(&second, &sandbox);
}

#[test]
fn two_regions_hold_two_pipelines_of_one_name() {
    let sandbox = sandbox();
    let text = format!(
        "{}\nprovider \"tap\" {{\n  alias = \"west\"\n  region = \"us-west-2\"\n}}\n\
         resource \"tap_secure_pipeline\" \"west\" {{\n  provider = tap.west\n  name = \"documents\"\n  environment_suffix = \"dev\"\n}}\n",
        pipeline("")
    );
    let terraform = terraform(&sandbox, &text);
    apply(&terraform);
    let spec = documents().spec();
    expect_exactly_all(
        &sandbox,
        &[
            ("us-east-1", spec.clone(), "documents-dev@us-east-1"),
            ("us-west-2", spec, "documents-dev@us-west-2"),
        ],
    );
    expect_empty_plan(&terraform);
    // Only the one in the west goes.
    terraform
        .configure(&format!(
            "{}\nprovider \"tap\" {{\n  alias = \"west\"\n  region = \"us-west-2\"\n}}\n",
            pipeline("")
        ))
        .expect("written");
    apply(&terraform);
    expect_exactly(&sandbox, &documents());
    expect_clean_destroy(&terraform, &sandbox);
}

/// The calls that AWS's limits turned away.
fn throttled(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        if call
            .error
            .as_deref()
            .is_some_and(|error| error.contains("Throttl"))
        {
            *counts
                .entry(format!("{}:{}", call.service, call.operation))
                .or_default() += 1;
        }
    }
    counts
}

#[test]
fn twenty_pipelines_with_for_each_do_not_collide_and_respect_the_accounts_limits() {
    const COUNT: usize = 20;
    let sandbox = sandbox();
    sandbox.aws_limits().expect("limits");
    let text = format!(
        "provider \"tap\" {{}}\nresource \"tap_secure_pipeline\" \"all\" {{\n  for_each = toset([for n in range({COUNT}) : \"p${{n}}\"])\n  name = each.key\n  environment_suffix = \"dev\"\n}}\n"
    );
    let terraform = terraform(&sandbox, &text);
    let ran = terraform.apply(&["-parallelism=20"]).expect("runs");
    expect_code(&ran, 0, "apply of twenty pipelines");
    let applied = sandbox.calls().expect("recorded");
    expect_limits(&sandbox, &applied, "apply");
    let since = sandbox.last_sequence().expect("recorded");
    let ran = terraform.plan(&["-parallelism=20"]).expect("runs");
    expect_code(&ran, 0, "a second plan of twenty pipelines");
    let specs: Vec<(String, Value)> = (0..COUNT)
        .map(|n| {
            (
                format!("p{n}-dev@us-east-1"),
                Settings::new(&format!("p{n}")).spec(),
            )
        })
        .collect();
    let pipelines: Vec<(&str, Value, &str)> = specs
        .iter()
        .map(|(id, spec)| ("us-east-1", spec.clone(), id.as_str()))
        .collect();
    // Looking is not what is limited here.
    sandbox.clear_weather().expect("cleared");
    expect_exactly_all(&sandbox, &pipelines);
    sandbox.aws_limits().expect("limits");
    let ran = terraform
        .run(&[
            "destroy",
            "-input=false",
            "-no-color",
            "-auto-approve",
            "-parallelism=20",
        ])
        .expect("runs");
    expect_code(&ran, 0, "destroy of twenty pipelines");
    let destroyed = sandbox.calls_since(since).expect("recorded");
    expect_limits(&sandbox, &destroyed, "destroy");
    expect_empty_account(&sandbox);
}

/// Hardly a call is turned away: the provider waits its turn by itself.
#[track_caller]
fn expect_limits(_sandbox: &Sandbox, calls: &[Call], what: &str) {
    let ours: Vec<Call> = calls
        .iter()
        .filter(|call| !call.user_agent.contains("Boto"))
        .cloned()
        .collect();
    let turned_away = throttled(&ours);
    let count: usize = turned_away.values().sum();
    assert!(
        count * 100 <= ours.len(),
        "{what}: AWS's limits turned {count} of {} calls away, which should be less than one in a hundred: {turned_away:?}",
        ours.len()
    );
}
