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
mod backend;
mod config_evaluations;
mod dynamodb_error_codes;
mod dynamodb_recovery_period;
mod dynamodb_table_key;
pub mod dynamodb_table_status;
mod kms_key_metadata;
mod kms_key_state;
mod kms_pages;
mod kms_policy_document;
mod moto_account;
mod policy;
mod s3_logging_target;
mod s3_new_bucket;
mod s3_policy_document;
mod s3_region;
mod s3_version_pages;
pub mod secretsmanager_pending;
mod secretsmanager_versions;
pub mod sns_email_confirmation;
mod sns_error_codes;
mod sns_topic_attributes;
mod sns_topic_conflict;
mod ssm_parameter_size;
mod ssm_tags;

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
    evaluations: config_evaluations::Evaluations,
    recovery: dynamodb_recovery_period::Periods,
    regions: s3_region::Regions,
    accounts: moto_account::Accounts,
    versions: s3_version_pages::Markers,
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
        emulators: &Emulators,
        call: &Inbound,
        traces: &mut Traces,
    ) -> Reply {
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
        let fresh = s3_new_bucket::is_new(&backend).await;
        let resolved = dynamodb_table_key::resolve(&backend).await;
        if resolved.is_some() {
            traces.0.push(dynamodb_table_key::NAME);
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
        if let Some(changed) = apigateway_api_keys::correct(&backend, &reply).await {
            traces.0.push(apigateway_api_keys::NAME);
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
        if let Some(reply) = secretsmanager_versions::refuse(backend).await {
            return Some((secretsmanager_versions::NAME, reply));
        }
        if let Some(reply) = ssm_tags::refuse(backend).await {
            return Some((ssm_tags::NAME, reply));
        }
        None
    }

    #[allow(clippy::type_complexity, reason = "a table of named functions")]
    fn corrections(&self) -> [(&'static str, fn(&Self, &Inbound, &Reply) -> Option<Reply>); 9] {
        [
            (kms_key_metadata::NAME, |_, call, reply| {
                kms_key_metadata::correct(call, reply)
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
            (moto_account::NAME, |shims, call, reply| {
                shims.accounts.learn(call, reply)
            }),
        ]
    }

    pub fn reset(&self) {
        self.email.reset();
        self.tables.reset();
        self.evaluations.reset();
        self.pending.reset();
        self.recovery.reset();
        self.regions.reset();
        self.accounts.reset();
        self.versions.reset();
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
