#![allow(clippy::expect_used, clippy::unwrap_used)]

use super::*;
use crate::blueprint::expand;
use crate::engine::template::intrinsics::get_att;
use crate::engine::template::{Resource, Template};

fn template(change: impl FnOnce(&mut Spec)) -> Template {
    let mut spec = Spec::new("documents", "dev");
    change(&mut spec);
    expand(&spec, &Facts::documentation()).expect("the spec is valid")
}

fn rule(template: &Template) -> &Resource {
    &template.resources[FINDINGS_RULE_ID]
}

/// R086
#[test]
fn no_detector_is_made_unless_told_to() {
    for (provision, made) in [
        (Provision::Existing, false),
        (Provision::None, false),
        (Provision::Managed, true),
    ] {
        let template = template(|spec| spec.threats.detector = provision);
        assert_eq!(
            template.resources.contains_key(DETECTOR_ID),
            made,
            "{provision:?}"
        );
        let acts = template.resources.contains_key(FINDINGS_RULE_ID);
        assert_eq!(acts, provision != Provision::None, "{provision:?}");
    }
}

/// R087: a list of severities up to 8.9 misses 8.95 and what is critical.
#[test]
fn findings_are_compared_with_the_least_severity_and_not_looked_up() {
    for minimum in [7.0, 8.5] {
        let template = template(|spec| spec.threats.minimum_severity = minimum);
        let pattern = &rule(&template).properties["EventPattern"];
        assert_eq!(pattern["detail-type"], json!(["GuardDuty Finding"]));
        let severity = pattern["detail"]["severity"].as_array().expect("one test");
        assert_eq!(severity.len(), 1, "a comparison is no list");
        assert_eq!(severity[0], json!({ "numeric": [">=", minimum] }));
        let least = severity[0]["numeric"][1].as_f64().expect("a number");
        for severe in [8.95, 9.5, 10.0] {
            assert!(severe >= least, "{severe}");
        }
        for mild in [5.0, 6.9] {
            assert!(mild < least, "{mild}");
        }
    }
}

/// R088
#[test]
fn a_finding_invokes_remediation_and_only_this_rule_may() {
    let template = template(|_| {});
    let arn = "arn:aws:lambda:us-east-1:111122223333:function:remediate-documents-dev";
    let targets = rule(&template).properties["Targets"].as_array().unwrap();
    assert!(targets.iter().any(|target| target["Arn"] == arn));
    let permission = &template.resources[PERMISSION_ID].properties;
    assert_eq!(permission["Principal"], "events.amazonaws.com");
    assert_eq!(
        permission["SourceArn"],
        "arn:aws:events:us-east-1:111122223333:rule/findings-documents-dev"
    );
    assert_eq!(permission["SourceAccount"], "111122223333");
    assert!(
        rule(&template)
            .depends_on
            .iter()
            .any(|id| id == PERMISSION_ID)
    );
}

/// R090
#[test]
fn a_finding_reaches_people_in_words() {
    let template = template(|_| {});
    let targets = rule(&template).properties["Targets"].as_array().unwrap();
    let alert = targets
        .iter()
        .find(|target| target["Arn"] == json!({ "Ref": alerts::TOPIC_ID }))
        .expect("a target of the topic");
    let transformer = &alert["InputTransformer"];
    let words = transformer["InputTemplate"].as_str().expect("a template");
    assert!(words.starts_with('"') && words.ends_with('"'), "{words}");
    for name in transformer["InputPathsMap"].as_object().unwrap().keys() {
        assert!(words.contains(&format!("<{name}>")), "{name} in {words}");
    }
}

/// R091
#[test]
fn every_target_of_every_rule_is_tried_again_and_then_kept() {
    let template = template(|_| {});
    let queues = [
        json!(functions::dead_letter_queue_arn(
            &Spec::new("documents", "dev"),
            &Facts::documentation()
        )),
        get_att(functions::DEAD_LETTER_QUEUE_ID, "Arn"),
    ];
    let mut seen = 0;
    for (id, resource) in &template.resources {
        if resource.type_name != "AWS::Events::Rule" {
            continue;
        }
        for target in resource.properties["Targets"].as_array().expect("targets") {
            seen += 1;
            assert!(
                target["RetryPolicy"]["MaximumRetryAttempts"].as_u64() > Some(0),
                "{id}"
            );
            assert!(queues.contains(&target["DeadLetterConfig"]["Arn"]), "{id}");
            // EventBridge warns of roles on targets with policies of their own.
            assert_eq!(target.get("RoleArn"), None, "{id}");
        }
    }
    assert!(seen >= 3, "{seen} targets");
}
