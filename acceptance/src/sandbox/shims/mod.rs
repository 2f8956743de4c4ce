//! What AWS does and the emulators do not. One file per difference, each with
//! what AWS documents, what the emulator does instead, and no more than the
//! pipeline's handlers can notice. A shim only ever brings an answer closer to
//! AWS: where an emulator merely lacks a check, the shim refuses; where it
//! forgets a property, the shim remembers it.
//!
//! Three kinds, in the order in which a call meets them: *refusals* answer
//! before the emulator is asked, *substitutes* ask it in their own way, and
//! *corrections* change its answer. The record names every shim that acted.

mod apigateway_api_keys;
mod apigateway_client_certificates;
mod apigateway_patches;
mod apigateway_refusals;
mod apigateway_security_policy;
mod apigateway_tags;
mod backend;
mod bucket_policy;
mod cloudtrail_bucket;
mod cloudtrail_tags;
mod cloudwatch_cbor;
mod cloudwatch_dashboard_tags;
mod config_custom_policies;
mod config_delivery;
mod config_evaluations;
mod config_recorder;
mod config_rules;
pub mod creation_failures;
mod dynamodb_error_codes;
mod dynamodb_recovery_period;
mod dynamodb_table_key;
pub mod dynamodb_table_status;
mod ec2_deleted_endpoints;
mod ec2_dependencies;
mod ec2_endpoint_conflicts;
mod ec2_endpoint_names;
mod ec2_endpoint_routes;
mod ec2_flow_logs;
mod ec2_rule_descriptions;
mod events_rule_tags;
mod events_rule_targets;
mod guardduty_one_detector;
mod guardduty_tags;
mod iam_new_roles;
mod kms_key_metadata;
mod kms_key_state;
mod kms_pages;
mod kms_policy_document;
mod lambda_environment_key;
mod lambda_function_state;
mod lambda_interfaces;
mod lambda_permission;
mod lambda_role;
mod lambda_vpc_config;
mod logs_group_key;
mod moto_account;
mod policy;
mod s3_logging_target;
mod s3_new_bucket;
mod s3_policy_document;
mod s3_region;
mod s3_version_pages;
mod secretsmanager_deletion;
pub mod secretsmanager_pending;
mod secretsmanager_rotation;
mod secretsmanager_versions;
pub mod sns_email_confirmation;
mod sns_error_codes;
mod sns_topic_attributes;
mod sns_topic_conflict;
mod ssm_parameter_size;
mod ssm_tags;
mod wafv2_associations;
mod wafv2_data_protection;
mod wafv2_items;
mod wafv2_logging;

use std::sync::Arc;
use std::time::Duration;

use super::emulators::Emulators;
use super::reply::Reply;
use super::request::Inbound;
use super::server;
use backend::Backend;

/// What the shims remember between calls.
#[derive(Default)]
pub struct Shims {
    pub email: sns_email_confirmation::Confirmations,
    pub tables: dynamodb_table_status::Tables,
    pub pending: secretsmanager_pending::Pending,
    pub roles: iam_new_roles::Roles,
    pub functions: lambda_function_state::Functions,
    pub interfaces: lambda_interfaces::Interfaces,
    pub creation_failures: creation_failures::CreationFailures,
    vpcs: lambda_vpc_config::Vpcs,
    associations: wafv2_associations::Associations,
    flow_logs: ec2_flow_logs::FlowLogs,
    evaluations: config_evaluations::Evaluations,
    recorders: config_recorder::Recorders,
    rules: config_rules::RuleTags,
    rotation: secretsmanager_rotation::Schedules,
    recovery: dynamodb_recovery_period::Periods,
    regions: s3_region::Regions,
    accounts: moto_account::Accounts,
    versions: s3_version_pages::Markers,
    certificates: apigateway_client_certificates::Certificates,
    patched: apigateway_patches::Patched,
    tags: apigateway_tags::Tags,
    dashboards: cloudwatch_dashboard_tags::Tags,
    detectors: guardduty_tags::Tags,
    log_keys: logs_group_key::Keys,
    endpoint_names: ec2_endpoint_names::Names,
    descriptions: ec2_rule_descriptions::Descriptions,
    protections: wafv2_data_protection::Protections,
}

/// Which shims acted on a call.
#[derive(Default)]
pub struct Traces(Vec<&'static str>);

impl Traces {
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|name| (*name).to_owned()).collect()
    }
}

impl Shims {
    /// Answers a call with the emulator of its service and the shims around it.
    pub async fn carry_out(
        &self,
        emulators: &Arc<Emulators>,
        call: &Inbound,
        traces: &mut Traces,
    ) -> Reply {
        let Some(json) = cloudwatch_cbor::as_json(call) else {
            return self.answer(emulators, call, traces).await;
        };
        traces.0.push(cloudwatch_cbor::NAME);
        cloudwatch_cbor::as_cbor(self.answer(emulators, &json, traces).await)
    }

    async fn answer(
        &self,
        emulators: &Arc<Emulators>,
        call: &Inbound,
        traces: &mut Traces,
    ) -> Reply {
        let call = &self.accounts.of(call);
        let backend = Backend { emulators, call };
        if let Some((name, reply)) = self.refuse(&backend).await {
            traces.0.push(name);
            return reply;
        }
        if let Some(reply) = kms_pages::answer(&backend).await {
            traces.0.push(kms_pages::NAME);
            return reply;
        }
        if let Some(reply) = self.versions.answer(&backend).await {
            traces.0.push(s3_version_pages::NAME);
            return reply;
        }
        if let Some(reply) = self.flow_logs.answer(&backend).await {
            traces.0.push(ec2_flow_logs::NAME);
            return reply;
        }
        if let Some(reply) = self.patched.answer(&backend).await {
            traces.0.push(apigateway_patches::NAME);
            return reply;
        }
        let fresh = s3_new_bucket::is_new(&backend).await;
        let mut resolved = dynamodb_table_key::resolve(&backend).await;
        if resolved.is_some() {
            traces.0.push(dynamodb_table_key::NAME);
        } else if let Some(whole) = apigateway_patches::resolve(&backend).await {
            traces.0.push(apigateway_patches::NAME);
            resolved = Some(whole);
        }
        if let Some(call) = events_rule_tags::resolve(&backend).await {
            traces.0.push(events_rule_tags::NAME);
            resolved = Some(call);
        }
        if ec2_endpoint_routes::follow(&backend).await {
            traces.0.push(ec2_endpoint_routes::NAME);
        }
        let call = self.accounts.introduce(resolved.as_ref().unwrap_or(call));
        let mut reply = server::forward(emulators, &call).await;
        if fresh && reply.status().is_success() {
            s3_new_bucket::block_public_access(&backend).await;
            traces.0.push(s3_new_bucket::NAME);
        }
        for (name, change) in self.corrections() {
            if let Some(changed) = change(self, &call, &reply) {
                traces.0.push(name);
                reply = changed;
            }
        }
        if cloudtrail_tags::complete(&backend, &reply).await {
            traces.0.push(cloudtrail_tags::NAME);
        }
        if let Some(changed) = apigateway_api_keys::correct(&backend, &reply).await {
            traces.0.push(apigateway_api_keys::NAME);
            reply = changed;
        }
        if let Some(changed) = apigateway_security_policy::correct(&backend, &reply).await {
            traces.0.push(apigateway_security_policy::NAME);
            reply = changed;
        }
        if let Some(changed) = self.vpcs.correct(&backend, &reply).await {
            traces.0.push(lambda_vpc_config::NAME);
            reply = changed;
        }
        if let Some(changed) = lambda_environment_key::correct(&backend, &reply).await {
            traces.0.push(lambda_environment_key::NAME);
            reply = changed;
        }
        if let Some(changed) = self.interfaces.correct(&backend, &reply).await {
            traces.0.push(lambda_interfaces::NAME);
            reply = changed;
        }
        if let Some(changed) = self.flow_logs.correct(&backend, &reply).await {
            traces.0.push(ec2_flow_logs::NAME);
            reply = changed;
        }
        if let Some(changed) = self.associations.correct(&backend, &reply).await {
            traces.0.push(wafv2_associations::NAME);
            reply = changed;
        }
        if wafv2_logging::forget(&backend, &reply).await {
            traces.0.push(wafv2_logging::NAME);
        }
        if let Some(changed) = self.tags.correct(&call, &reply) {
            traces.0.push(apigateway_tags::NAME);
            reply = changed;
        }
        if let Some(changed) = kms_key_state::correct(&backend, &reply).await {
            traces.0.push(kms_key_state::NAME);
            reply = changed;
        }
        reply
    }

    async fn refuse(&self, backend: &Backend<'_>) -> Option<(&'static str, Reply)> {
        let call = backend.call;
        // Before the channel is put, which is done here altogether.
        if let Some(reply) = config_delivery::refuse(backend, &self.recorders).await {
            return Some((config_delivery::NAME, reply));
        }
        let at_once = [
            (kms_policy_document::NAME, kms_policy_document::refuse(call)),
            (s3_policy_document::NAME, s3_policy_document::refuse(call)),
            (s3_region::NAME, self.regions.refuse(call)),
            (
                sns_topic_attributes::NAME,
                sns_topic_attributes::refuse(call),
            ),
            (sns_email_confirmation::NAME, self.email.refuse(call)),
            (
                dynamodb_recovery_period::NAME,
                dynamodb_recovery_period::refuse(call),
            ),
            (dynamodb_table_status::NAME, self.tables.answer(call)),
            (config_evaluations::NAME, self.evaluations.answer(call)),
            (iam_new_roles::NAME, self.roles.refuse(call)),
            (lambda_function_state::NAME, self.functions.refuse(call)),
            (creation_failures::NAME, self.creation_failures.refuse(call)),
            (
                apigateway_client_certificates::NAME,
                self.certificates.answer(call),
            ),
            (
                cloudwatch_dashboard_tags::NAME,
                self.dashboards.answer(call),
            ),
            (guardduty_tags::NAME, self.detectors.answer(call)),
            (config_recorder::NAME, self.recorders.answer(call)),
        ];
        for (name, reply) in at_once {
            if let Some(reply) = reply {
                return Some((name, reply));
            }
        }
        // These ask the emulator first.
        if let Some(reply) = kms_key_state::refuse(backend).await {
            return Some((kms_key_state::NAME, reply));
        }
        if let Some(reply) = dynamodb_table_key::refuse(backend).await {
            return Some((dynamodb_table_key::NAME, reply));
        }
        if let Some(reply) = s3_logging_target::refuse(backend).await {
            return Some((s3_logging_target::NAME, reply));
        }
        if let Some(reply) = sns_topic_conflict::refuse(backend).await {
            return Some((sns_topic_conflict::NAME, reply));
        }
        if let Some(reply) = ssm_parameter_size::refuse(backend).await {
            return Some((ssm_parameter_size::NAME, reply));
        }
        if let Some(reply) = apigateway_api_keys::refuse(backend).await {
            return Some((apigateway_api_keys::NAME, reply));
        }
        if let Some(reply) = apigateway_refusals::refuse(backend).await {
            return Some((apigateway_refusals::NAME, reply));
        }
        if let Some(reply) = apigateway_security_policy::refuse(backend).await {
            return Some((apigateway_security_policy::NAME, reply));
        }
        if let Some(reply) = config_custom_policies::answer(backend).await {
            return Some((config_custom_policies::NAME, reply));
        }
        if let Some(reply) = self.rules.answer(backend, &self.recorders).await {
            return Some((config_rules::NAME, reply));
        }
        if let Some(reply) = secretsmanager_deletion::refuse(backend).await {
            return Some((secretsmanager_deletion::NAME, reply));
        }
        if let Some(reply) = self.rotation.answer(backend, &self.pending).await {
            return Some((secretsmanager_rotation::NAME, reply));
        }
        if let Some(reply) = secretsmanager_versions::refuse(backend).await {
            return Some((secretsmanager_versions::NAME, reply));
        }
        if let Some(reply) = ec2_deleted_endpoints::refuse(backend).await {
            return Some((ec2_deleted_endpoints::NAME, reply));
        }
        if let Some(reply) = ec2_endpoint_conflicts::refuse(backend).await {
            return Some((ec2_endpoint_conflicts::NAME, reply));
        }
        if let Some(reply) = ec2_dependencies::refuse(backend).await {
            return Some((ec2_dependencies::NAME, reply));
        }
        if let Some(reply) = ssm_tags::refuse(backend).await {
            return Some((ssm_tags::NAME, reply));
        }
        if let Some(reply) = lambda_role::refuse(backend).await {
            return Some((lambda_role::NAME, reply));
        }
        if let Some(reply) = lambda_vpc_config::refuse(backend).await {
            return Some((lambda_vpc_config::NAME, reply));
        }
        if let Some(reply) = self.interfaces.refuse(backend).await {
            return Some((lambda_interfaces::NAME, reply));
        }
        if let Some(reply) = self.associations.answer(backend).await {
            return Some((wafv2_associations::NAME, reply));
        }
        if let Some(reply) = wafv2_logging::refuse(backend).await {
            return Some((wafv2_logging::NAME, reply));
        }
        if let Some(reply) = self.log_keys.answer(backend).await {
            return Some((logs_group_key::NAME, reply));
        }
        if let Some(reply) = events_rule_targets::refuse(backend).await {
            return Some((events_rule_targets::NAME, reply));
        }
        if let Some(reply) = cloudtrail_bucket::refuse(backend).await {
            return Some((cloudtrail_bucket::NAME, reply));
        }
        if let Some(reply) = guardduty_one_detector::refuse(backend).await {
            return Some((guardduty_one_detector::NAME, reply));
        }
        None
    }

    #[allow(clippy::type_complexity, reason = "a table of named functions")]
    fn corrections(&self) -> Vec<(&'static str, fn(&Self, &Inbound, &Reply) -> Option<Reply>)> {
        vec![
            (kms_key_metadata::NAME, |_, call, reply| {
                kms_key_metadata::correct(call, reply)
            }),
            (config_custom_policies::NAME, |_, call, reply| {
                config_custom_policies::correct(call, reply)
            }),
            (dynamodb_error_codes::NAME, |_, call, reply| {
                dynamodb_error_codes::correct(call, reply)
            }),
            (dynamodb_recovery_period::NAME, |shims, call, reply| {
                shims.recovery.correct(call, reply)
            }),
            (dynamodb_table_status::NAME, |shims, call, reply| {
                shims.tables.correct(call, reply)
            }),
            (s3_region::NAME, |shims, call, reply| {
                shims.regions.learn(call, reply)
            }),
            (sns_email_confirmation::NAME, |shims, call, reply| {
                shims.email.correct(call, reply)
            }),
            (sns_error_codes::NAME, |_, call, reply| {
                sns_error_codes::correct(call, reply)
            }),
            (secretsmanager_pending::NAME, |shims, call, reply| {
                shims.pending.correct(call, reply)
            }),
            (iam_new_roles::NAME, |shims, call, reply| {
                shims.roles.learn(call, reply)
            }),
            (lambda_function_state::NAME, |shims, call, reply| {
                shims.functions.correct(call, reply)
            }),
            (creation_failures::NAME, |shims, call, reply| {
                shims.creation_failures.correct(call, reply)
            }),
            (secretsmanager_rotation::NAME, |shims, call, reply| {
                shims.rotation.correct(call, reply)
            }),
            (ec2_endpoint_names::NAME, |shims, call, reply| {
                shims.endpoint_names.correct(call, reply)
            }),
            (ec2_rule_descriptions::NAME, |shims, call, reply| {
                shims.descriptions.correct(call, reply)
            }),
            (moto_account::NAME, |shims, call, reply| {
                shims.accounts.learn(call, reply)
            }),
            (apigateway_patches::NAME, |shims, call, reply| {
                shims.patched.correct(call, reply)
            }),
            (wafv2_data_protection::NAME, |shims, call, reply| {
                shims.protections.correct(call, reply)
            }),
            (wafv2_items::NAME, |_, call, reply| {
                wafv2_items::correct(call, reply)
            }),
            (cloudwatch_dashboard_tags::NAME, |shims, call, reply| {
                shims.dashboards.learn(call, reply)
            }),
            (guardduty_tags::NAME, |shims, call, reply| {
                shims.detectors.correct(call, reply)
            }),
            (logs_group_key::NAME, |shims, call, reply| {
                shims.log_keys.correct(call, reply)
            }),
        ]
    }

    /// How long a kind of thing takes from now on, until the next reset.
    /// False: nothing of that name takes time.
    pub fn settle_in(&self, what: &str, time: Duration) -> bool {
        match what {
            "tables" => self.tables.settle_in(time),
            "roles" => self.roles.settle_in(time),
            "functions" => self.functions.settle_in(time),
            "interfaces" => self.interfaces.settle_in(time),
            _ => return false,
        }
        true
    }

    pub fn reset(&self) {
        self.email.reset();
        self.creation_failures.reset();
        self.tables.reset();
        self.evaluations.reset();
        self.recorders.reset();
        self.rules.reset();
        self.rotation.reset();
        self.pending.reset();
        self.recovery.reset();
        self.regions.reset();
        self.accounts.reset();
        self.versions.reset();
        self.roles.reset();
        self.functions.reset();
        self.interfaces.reset();
        self.vpcs.reset();
        self.associations.reset();
        self.protections.reset();
        self.flow_logs.reset();
        self.certificates.reset();
        self.patched.reset();
        self.tags.reset();
        self.dashboards.reset();
        self.detectors.reset();
        self.log_keys.reset();
        self.endpoint_names.reset();
        self.descriptions.reset();
    }
}

/// What one account has in one region under one name.
type Place = (String, String, String);

fn place(call: &Inbound, name: &str) -> Place {
    (
        call.access_key.clone(),
        call.region.clone(),
        name.to_owned(),
    )
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// XML text as it was before it was escaped.
fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&apos;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
