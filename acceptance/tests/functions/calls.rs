//! The table of who calls what (`blueprint::calls`), from which endpoints,
//! policies and key grants follow, held against what the functions' SDK
//! clients really send, as the sandbox has recorded it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use acceptance::Sandbox;
use terraform_provider_tap::blueprint::calls::CALLS;

use crate::permissions::{function_of, permissions};
use crate::stage::elsewhere;
use crate::{encrypt, evaluate, remediate, rotate, scan, validate};

/// A function, a service and an operation of its API.
type Made = (String, String, String);

/// What all tests of this process have seen so far.
static SEEN: Mutex<BTreeSet<Made>> = Mutex::new(BTreeSet::new());

/// The rows of the table, one an action.
fn table() -> BTreeSet<Made> {
    CALLS
        .iter()
        .flat_map(|row| {
            row.actions.iter().map(|action| {
                (
                    row.function.as_str().to_owned(),
                    row.service.to_owned(),
                    (*action).to_owned(),
                )
            })
        })
        .collect()
}

/// What the functions of a sandbox have called.
fn made(sandbox: &Sandbox) -> BTreeSet<Made> {
    let calls = sandbox.calls().expect("recorded");
    let theirs = calls.iter().filter_map(|call| {
        let function = function_of(call)?.to_owned();
        Some((function, call.service.clone(), call.operation.clone()))
    });
    theirs.collect()
}

/// Remembers what a sandbox' functions have called, and holds it to the table.
#[track_caller]
pub fn observe(sandbox: &Sandbox) {
    let made = made(sandbox);
    let table = table();
    for (function, service, operation) in &made {
        for action in permissions(service, operation).0 {
            assert!(
                table.contains(&(function.clone(), service.clone(), action.clone())),
                "{function} calls {service}:{operation}, and the table does not let it {action}"
            );
        }
    }
    SEEN.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend(made);
}

/// Tests that between them reach every call of every function.
const TOUR: &[fn()] = &[
    validate::a_document_that_is_not_what_it_says_is_quarantined_and_found_there_again,
    validate::a_caller_uploads_checks_and_is_told_what_is_wrong,
    validate::a_form_uploads_one_document_and_its_token_is_not_logged,
    encrypt::a_copy_keeps_what_the_document_had_and_is_made_once,
    encrypt::of_two_versions_of_one_second_the_older_one_never_wins,
    encrypt::a_caller_may_have_a_document_encrypted_that_is_sound,
    scan::a_card_number_is_alerted_of_once_and_never_said,
    remediate::an_instance_of_the_pipeline_is_cut_off_and_its_groups_are_remembered,
    remediate::a_users_key_is_deactivated_and_its_sessions_are_denied,
    remediate::a_roles_sessions_are_denied_and_nothing_is_attached,
    remediate::a_bucket_gets_back_what_the_baseline_says_and_nobody_elses_does,
    remediate::a_finding_on_a_bucket_closes_it_and_leaves_whoever_touched_it_alone,
    remediate::another_teams_resource_is_no_concern_of_ours_and_need_not_be_readable,
    rotate::an_api_key_is_replaced_overlaps_and_is_retired,
    rotate::a_key_that_is_current_again_is_not_retired,
    rotate::a_hook_sets_and_tests_the_password_and_may_take_its_time,
    evaluate::config_is_told_of_each_state_and_an_older_one_does_not_undo_a_newer,
    evaluate::what_is_too_large_for_an_event_is_asked_of_config,
    evaluate::whose_a_key_is_kms_says_and_not_its_name,
];

/// Both directions: no call without a row (`observe`, after each test), and no
/// row without a call.
#[test]
fn every_row_of_the_table_is_called() {
    elsewhere(|| {
        for test in TOUR {
            test();
        }
    });
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut used: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (function, service, operation) in seen {
        let (needed, besides) = permissions(&service, &operation);
        let actions = used.entry((function, service)).or_default();
        actions.extend(needed);
        actions.extend(besides.into_iter().map(str::to_owned));
    }
    let unused: Vec<Made> = table()
        .into_iter()
        .filter(|(function, service, action)| {
            used.get(&(function.clone(), service.clone()))
                .is_none_or(|actions| !actions.contains(action))
        })
        .collect();
    assert!(
        unused.is_empty(),
        "in the table, and never called: {unused:#?}"
    );
}
