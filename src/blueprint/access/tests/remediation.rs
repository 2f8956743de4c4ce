//! What remediation may do to whom.

use super::*;

/// R089 and its trap: nothing is attached, and what is done to principals is
/// done to the pipeline's own, never to the function's own role.
#[test]
fn remediation_cannot_widen_anybody() {
    let template = template(|_| {});
    let user = "arn:aws:iam::111122223333:user/eve";
    let role = "arn:aws:iam::111122223333:role/scan-documents-dev-us-east-1";
    let itself = "arn:aws:iam::111122223333:role/remediate-documents-dev-us-east-1";
    let ours: &[(&str, &str)] = &[("aws:ResourceTag/tap:pipeline", "documents-dev@us-east-1")];
    let theirs: &[(&str, &str)] = &[("aws:ResourceTag/tap:pipeline", "other-dev@us-east-1")];
    let bounded: &[(&str, &str)] = &[
        ("aws:ResourceTag/tap:pipeline", "documents-dev@us-east-1"),
        (
            "iam:PermissionsBoundary",
            "arn:aws:iam::111122223333:policy/scan-documents-dev-us-east-1",
        ),
    ];
    let unbounded: &[(&str, &str)] = &[
        ("aws:ResourceTag/tap:pipeline", "documents-dev@us-east-1"),
        (
            "iam:PermissionsBoundary",
            "arn:aws:iam::aws:policy/AdministratorAccess",
        ),
    ];
    let mut table: Vec<Line<'_>> = vec![
        (
            "RemediatePolicy",
            "iam:ListUserTags",
            user,
            ENDPOINT,
            Allowed,
        ),
        (
            "RemediatePolicy",
            "iam:UpdateAccessKey",
            user,
            ours,
            Allowed,
        ),
        (
            "RemediatePolicy",
            "iam:UpdateAccessKey",
            user,
            theirs,
            NotAllowed,
        ),
        (
            "RemediatePolicy",
            "iam:UpdateAccessKey",
            user,
            &[],
            NotAllowed,
        ),
        ("RemediatePolicy", "iam:PutUserPolicy", user, ours, Allowed),
        (
            "RemediatePolicy",
            "iam:PutUserPolicy",
            user,
            theirs,
            NotAllowed,
        ),
        (
            "RemediatePolicy",
            "iam:PutRolePolicy",
            role,
            bounded,
            Allowed,
        ),
        (
            "RemediatePolicy",
            "iam:PutRolePolicy",
            role,
            ours,
            NotAllowed,
        ),
        (
            "RemediatePolicy",
            "iam:PutRolePolicy",
            role,
            unbounded,
            NotAllowed,
        ),
        (
            "RemediatePolicy",
            "iam:PutRolePolicy",
            role,
            theirs,
            NotAllowed,
        ),
        (
            "RemediatePolicy",
            "iam:PutRolePolicy",
            itself,
            bounded,
            Denied,
        ),
    ];
    for action in [
        "iam:AttachUserPolicy",
        "iam:AttachRolePolicy",
        "iam:CreateAccessKey",
        "iam:CreatePolicyVersion",
        "iam:CreateUser",
        "iam:PassRole",
        "sts:AssumeRole",
    ] {
        for policy in ["RemediatePolicy", "RotatePolicy", "EvaluatePolicy"] {
            table.push((policy, action, user, ours, NotAllowed));
        }
    }
    for line in &table {
        let mut context = line.3.to_vec();
        context.push(("aws:SourceVpc", VPC));
        let request = Request::new(line.1, line.2, &context);
        let decision = decide(&policy_of(&template, line.0), &request);
        // Where nothing would allow it, the network's denial may come first.
        assert_eq!(decision, line.4, "{request:?}");
    }
}

/// R089: a role whose boundary is what it may do anyway cannot be widened, by
/// remediation or by anybody who attaches something to it. The one role with
/// two policies has a boundary of its own, which allows what both do.
#[test]
fn no_role_of_the_pipeline_can_be_widened_by_what_is_attached_to_it() {
    let template = template(|spec| {
        spec.access.trusted_account_ids = vec!["210987654321".to_owned()];
        spec.access.external_id = Some("audit".to_owned());
    });
    let remediate = policy_of(&template, "RemediatePolicy");
    let statements = remediate["Statement"].as_array().unwrap();
    let known: Vec<&str> = statements
        .iter()
        .filter_map(|statement| {
            statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"].as_array()
        })
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut boundaries = Vec::new();
    for (id, resource) in &template.resources {
        if resource.type_name != "AWS::IAM::Role" {
            continue;
        }
        let boundary = resource.properties["PermissionsBoundary"]["Ref"]
            .as_str()
            .unwrap_or_else(|| panic!("{id} has no boundary"));
        let own = &resource.properties["ManagedPolicyArns"][0]["Ref"];
        match id.as_str() {
            "RotateRole" | "AuditorRole" => {}
            _ => assert_eq!(own, boundary, "{id}"),
        }
        if id == "RemediateRole" {
            // Nothing is put into it.
            continue;
        }
        let name = &template.resources[boundary].properties["ManagedPolicyName"];
        boundaries.push(format!(
            "arn:aws:iam::{ACCOUNT}:policy/{}",
            name.as_str().unwrap()
        ));
    }
    boundaries.sort();
    assert_eq!(known, boundaries, "remediation knows them by name");

    let bounds = policy_of(&template, "RotateBoundary");
    let bounds = bounds["Statement"].as_array().unwrap();
    for statement in policy_of(&template, "RotatePolicy")["Statement"]
        .as_array()
        .unwrap()
    {
        assert!(bounds.contains(statement), "{statement}");
    }
    let plan = "arn:aws:apigateway:us-east-1::/usageplans/abc/keys/k";
    check(
        &template,
        &[
            ("RotateBoundary", "apigateway:POST", plan, ENDPOINT, Allowed),
            (
                "RotateBoundary",
                "apigateway:POST",
                "arn:aws:apigateway:us-east-1::/usageplans/abc",
                ENDPOINT,
                NotAllowed,
            ),
        ],
    );
}

/// R089: only the quarantine group can be put on an interface, only the
/// pipeline's buckets can be changed; the whole account only when asked for.
#[test]
fn remediation_is_scoped_to_the_pipeline_unless_told_otherwise() {
    let group = "arn:aws:ec2:us-east-1:111122223333:security-group/sg-1";
    let interface = "arn:aws:ec2:us-east-1:111122223333:network-interface/eni-1";
    let quarantine: &[(&str, &str)] = &[("aws:ResourceTag/tap:quarantine", "true")];
    let action = "ec2:ModifyNetworkInterfaceAttribute";
    let tag = |key: &'static str| -> Vec<(&'static str, &'static str)> {
        vec![("aws:TagKeys", key), ("aws:SourceVpc", VPC)]
    };
    let theirs = "arn:aws:s3:::theirs";
    let account: &[(&str, &str)] = &[("aws:SourceVpc", VPC), ("aws:ResourceAccount", ACCOUNT)];
    let user = "arn:aws:iam::111122223333:user/eve";
    let pipeline = template(|_| {});
    check(
        &pipeline,
        &[
            ("RemediatePolicy", action, interface, ENDPOINT, Allowed),
            ("RemediatePolicy", action, group, quarantine, Allowed),
            ("RemediatePolicy", action, group, ENDPOINT, NotAllowed),
            (
                "RemediatePolicy",
                "ec2:CreateTags",
                interface,
                &tag("tap:previous-security-groups"),
                Allowed,
            ),
            (
                "RemediatePolicy",
                "ec2:CreateTags",
                interface,
                &tag("tap:pipeline"),
                NotAllowed,
            ),
            (
                "RemediatePolicy",
                "s3:PutBucketPolicy",
                RAW,
                ENDPOINT,
                Allowed,
            ),
            (
                "RemediatePolicy",
                "s3:PutBucketPolicy",
                theirs,
                account,
                NotAllowed,
            ),
            (
                "RemediatePolicy",
                "s3:PutBucketPublicAccessBlock",
                theirs,
                account,
                NotAllowed,
            ),
        ],
    );
    let everything = template(|spec| spec.threats.remediate_account = true);
    check(
        &everything,
        &[
            (
                "RemediatePolicy",
                "s3:PutBucketPublicAccessBlock",
                theirs,
                account,
                Allowed,
            ),
            (
                "RemediatePolicy",
                "s3:PutBucketPolicy",
                theirs,
                account,
                NotAllowed,
            ),
            (
                "RemediatePolicy",
                "iam:UpdateAccessKey",
                user,
                ENDPOINT,
                Allowed,
            ),
        ],
    );
}
