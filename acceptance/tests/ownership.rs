//! Whose a resource is: strangers, second states, many pipelines at once.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod live;
mod matrix;

use acceptance::terraform::Terraform;
use acceptance::{Call, Sandbox};
use common::{
    ADDRESS, apply, expect_clean_destroy, expect_code, expect_empty_account, expect_empty_plan,
    pipeline, sandbox, terraform, terraform_within_limits,
};
use live::{ACCOUNT, Settings, expect_exactly, expect_exactly_all};
use matrix::whole;
use serde_json::Value;
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
                   AttributeDefinitions=[{'AttributeName': 'id', 'AttributeType': 'S'}], KeySchema=[{'AttributeName': 'id', 'KeyType': 'HASH'}])\n\
                   boto3.client('dynamodb').get_waiter('table_exists').wait(TableName='audit-documents-dev', WaiterConfig={'Delay': 1})"
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

/// The create is refused by name, whoever of them is there, and what is the
/// strangers' stays as it was: also when the create is destroyed.
fn refuses(sandbox: &Sandbox, strangers: &[Stranger]) -> Terraform {
    for stranger in strangers {
        sandbox
            .boto3(&stranger.make)
            .expect("the stranger's is made");
    }
    let look = || -> Vec<Value> {
        let looks = strangers.iter().map(|stranger| &stranger.look);
        looks
            .map(|look| sandbox.boto3(look).expect("it is there"))
            .collect()
    };
    let before = look();
    let account = common::account(sandbox);
    let terraform = terraform(sandbox, &pipeline(""));
    let refused = |terraform: &Terraform| {
        let ran = terraform.apply(&[]).expect("runs");
        expect_code(&ran, 1, "strangers hold the names");
        let text = ran.flat();
        for stranger in strangers {
            for part in [stranger.logical_id, &stranger.name, "left alone"] {
                assert!(
                    text.contains(part),
                    "the refusal should say {part:?}:\n{}",
                    ran.text
                );
            }
        }
        assert_eq!(look(), before, "what is a stranger's is left as it was");
    };
    refused(&terraform);
    let ran = terraform.destroy().expect("runs");
    expect_code(&ran, 0, "destroy");
    assert_eq!(
        common::account(sandbox),
        account,
        "destroy leaves what the strangers had, and nothing of ours"
    );
    assert_eq!(look(), before, "and it is as it was");
    refused(&terraform);
    terraform
}

#[test]
fn what_is_a_strangers_is_refused_by_name_and_left_alone_and_the_create_goes_on_when_it_is_gone() {
    let sandbox = sandbox();
    let strangers = strangers();
    let terraform = refuses(&sandbox, &strangers);
    for stranger in &strangers {
        sandbox
            .boto3(&stranger.remove)
            .expect("the stranger removes it");
    }
    apply(&terraform);
    expect_exactly(&sandbox, &documents());
    expect_empty_plan(&terraform);
    expect_clean_destroy(&terraform, &sandbox);

    // One by one where there is time: no refusal hides another.
    if whole() {
        for stranger in strangers {
            common::renew(&sandbox);
            refuses(&sandbox, &[stranger]);
        }
    }
}

#[test]
fn a_second_state_of_one_name_is_refused_adopts_when_told_to_and_a_third_may_import_and_destroy() {
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

    // What was imported can be destroyed.
    let third = terraform(&sandbox, &pipeline(&adopting.hcl()));
    let ran = third
        .run(&[
            "import",
            "-input=false",
            "-no-color",
            ADDRESS,
            "documents-dev@us-east-1",
        ])
        .expect("runs");
    expect_code(&ran, 0, "import");
    expect_clean_destroy(&third, &sandbox);
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

/// So many pipelines, `p0` and on.
fn pipelines(count: usize) -> String {
    format!("provider \"tap\" {{}}\n{}", block("east", count, ""))
}

fn block(label: &str, count: usize, more: &str) -> String {
    format!(
        "resource \"tap_secure_pipeline\" \"{label}\" {{\n  for_each = toset([for n in range({count}) : \"p${{n}}\"])\n  name = each.key\n  environment_suffix = \"dev\"\n{more}}}\n"
    )
}

#[test]
fn many_pipelines_with_for_each_do_not_collide_and_respect_the_accounts_limits() {
    // AWS lets three endpoints be made in ten seconds, and an API be deleted in
    // thirty: ten pipelines take a quarter of an hour. Twenty are ten in each
    // of two regions, since an account has ten log resource policies in one.
    let (count, regions): (usize, &[&str]) = match whole() {
        true => (10, &["us-east-1", "us-west-2"]),
        false => (2, &["us-east-1"]),
    };
    let sandbox = sandbox();
    sandbox.aws_limits().expect("limits");
    let mut text = pipelines(count);
    if regions.len() > 1 {
        text += "provider \"tap\" {\n  alias = \"west\"\n  region = \"us-west-2\"\n}\n";
        text += &block("west", count, "  provider = tap.west\n");
    }
    let terraform = terraform_within_limits(&sandbox, &text);
    let ran = terraform.apply(&["-parallelism=20"]).expect("runs");
    expect_code(&ran, 0, "apply of many pipelines");
    let ran = terraform.plan(&["-parallelism=20"]).expect("runs");
    expect_code(&ran, 0, "a second plan of many pipelines");
    expect_limits(&sandbox.calls().expect("recorded"), "apply and plan");
    let specs: Vec<(&str, String, Value)> = regions
        .iter()
        .flat_map(|region| (0..count).map(move |n| (*region, n)))
        .map(|(region, n)| {
            let spec = Settings::new(&format!("p{n}")).spec();
            (region, format!("p{n}-dev@{region}"), spec)
        })
        .collect();
    let pipelines: Vec<(&str, Value, &str)> = specs
        .iter()
        .map(|(region, id, spec)| (*region, spec.clone(), id.as_str()))
        .collect();
    // Looking is not what is limited here.
    sandbox.clear_weather().expect("cleared");
    expect_exactly_all(&sandbox, &pipelines);
    sandbox.aws_limits().expect("limits");
    let since = sandbox.last_sequence().expect("recorded");
    let ran = terraform
        .run(&[
            "destroy",
            "-input=false",
            "-no-color",
            "-auto-approve",
            "-parallelism=20",
        ])
        .expect("runs");
    expect_code(&ran, 0, "destroy of many pipelines");
    expect_limits(&sandbox.calls_since(since).expect("recorded"), "destroy");
    expect_empty_account(&sandbox);
}

/// Hardly a call is turned away: the provider waits its turn by itself.
#[track_caller]
fn expect_limits(calls: &[Call], what: &str) {
    let mut turned_away = BTreeMap::new();
    for call in calls.iter().filter(|call| !call.weather.is_empty()) {
        let name = format!("{}:{}", call.service, call.operation);
        *turned_away.entry(name).or_insert(0) += 1;
    }
    common::rates::expect_below_all(calls);
    let count: usize = turned_away.values().sum();
    assert!(
        count * 100 <= calls.len(),
        "{what}: AWS' limits turned {count} of {} calls away, which should be less than one in a hundred: {turned_away:?}",
        calls.len()
    );
}

/// AWS allows five VPCs, of which each region has one from the beginning, twenty
/// gateway endpoints, of which a pipeline has two, and ten log resource policies.
/// Here somebody has one more of each.
#[test]
fn the_plan_warns_of_quotas_that_its_pipelines_would_break_together() {
    let sandbox = sandbox();
    let theirs = r#"
ec2 = boto3.client("ec2")
vpc = ec2.create_vpc(CidrBlock="10.90.0.0/16")["Vpc"]["VpcId"]
ec2.create_vpc_endpoint(VpcId=vpc, VpcEndpointType="Gateway", ServiceName="com.amazonaws.us-east-1.s3")
statement = {"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": "logs:PutLogEvents", "Resource": "*"}
boto3.client("logs").put_resource_policy(policyName="theirs", policyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
print("null")
"#;
    sandbox.boto3(theirs).expect("made");
    let began = sandbox.last_sequence().expect("recorded");
    let terraform = terraform(&sandbox, &pipelines(1));
    for (count, vpcs, others) in [(3, false, false), (4, true, false), (10, true, true)] {
        terraform.configure(&pipelines(count)).expect("written");
        let plan = terraform.plan(&[]).expect("runs");
        expect_code(&plan, 2, "the plan of new pipelines");
        let text = plan.flat();
        for (what, warned) in [
            ("VPCs", vpcs),
            ("gateway endpoints", others),
            ("log resource policies", others),
        ] {
            assert_eq!(
                text.contains(&format!("More {what} than AWS allows")),
                warned,
                "{count} pipelines and {what}:\n{}",
                plan.text
            );
        }
    }
    assert_eq!(
        sandbox.mutations_since(began).expect("recorded"),
        Vec::<Call>::new(),
        "a plan changes nothing"
    );
}
