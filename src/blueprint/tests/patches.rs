//! What the user writes over the expansion.

use super::*;
use crate::blueprint::overrides::weakened;

#[test]
fn an_override_is_a_merge_patch_and_names_the_control_it_replaces() {
    let patched = |text: &str| {
        let mut spec = Spec::new("documents", "dev");
        spec.overrides.insert("AuditTable".into(), text.into());
        expand(&spec, &facts())
    };
    let without = template(|_| {});
    let with = patched(r#"{"PointInTimeRecoverySpecification": null, "TableClass": "STANDARD"}"#)
        .expect("valid");
    assert_eq!(property(&with, "AuditTable", "/TableClass"), "STANDARD");
    let weak = weakened(&without, &with);
    assert_eq!(weak.len(), 1);
    assert_eq!(
        (weak[0].id.as_str(), weak[0].property.as_str()),
        ("AuditTable", "PointInTimeRecoverySpecification")
    );
    assert!(matches!(
        patched("[]"),
        Err(OverrideError::NotAnObject { .. })
    ));
    assert!(matches!(
        patched("{"),
        Err(OverrideError::NotAnObject { .. })
    ));
}

#[test]
fn an_override_that_opens_the_api_or_its_firewall_names_what_it_opens() {
    for (id, patch, property) in [
        ("ApiStage", r#"{"MethodSettings":[]}"#, "MethodSettings"),
        (
            "ApiUploadMethod",
            r#"{"AuthorizationType":"NONE"}"#,
            "AuthorizationType",
        ),
        ("WebAcl", r#"{"Rules":[]}"#, "Rules"),
        (
            "WebAclLogging",
            r#"{"RedactedFields":null}"#,
            "RedactedFields",
        ),
    ] {
        let with = template(|spec| {
            spec.overrides.insert(id.into(), patch.into());
        });
        let named: Vec<String> = weakened(&template(|_| {}), &with)
            .into_iter()
            .map(|one| format!("{}.{}", one.id, one.property))
            .collect();
        assert_eq!(named, [format!("{id}.{property}")]);
    }
}

#[test]
fn an_override_of_an_unknown_id_lists_the_known_ones() {
    let mut spec = Spec::new("documents", "dev");
    spec.overrides.insert("Bucket".into(), "{}".into());
    let error = expand(&spec, &facts()).expect_err("unknown").to_string();
    assert!(
        error.contains("Bucket is not a logical id") && error.contains("RawBucket"),
        "{error}"
    );
}
