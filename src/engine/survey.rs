//! What import does: the ledger of a pipeline of which nothing is known but
//! its manifest.

use super::ledger::Ledger;
use super::recover::{Recovered, Search};
use super::refresh::{Drift, Refreshed};
use super::template::Template;
use super::{DRIFTED, Engine, diff, plan};
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

impl Engine {
    /// The ledger of a pipeline that no state knows: everything is found, and
    /// compared with what the manifest says it shall be.
    pub async fn survey(&self, template: &Template, cancel: &CancellationToken) -> Refreshed {
        let search = Search {
            templates: std::slice::from_ref(template),
            only_missing: false,
        };
        let Recovered {
            mut ledger, errors, ..
        } = self.recover(search, Ledger::default(), cancel).await;
        let generations = ledger.generations();
        let mut drifted = BTreeMap::new();
        for (id, entry) in ledger.entries.clone() {
            let Some(resource) = template
                .resources
                .get(&id)
                .filter(|_| entry.predecessors.is_empty())
            else {
                continue;
            };
            let desired = plan::resolve(&resource.properties, &ledger)
                .ok()
                .and_then(|resolved| {
                    let handler = self.registry.get(&resource.type_name)?;
                    plan::normalise(handler.as_ref(), &resolved).ok()
                });
            let Some(desired) = desired else { continue };
            let Some(details) = ledger.details.get_mut(&id) else {
                continue;
            };
            let live = details.live.clone().unwrap_or_default();
            let paths = diff::paths(&desired, &live);
            details.unresolved = Some(resource.properties.clone());
            details.applied = Some(desired);
            let line = if paths.is_empty() {
                plan::digest_line(resource, &generations)
            } else {
                let drifts = paths.into_iter().map(|path| Drift { path });
                drifted.insert(id.clone(), drifts.collect());
                format!("{} {DRIFTED}", entry.type_name)
            };
            ledger.lines.insert(id, line);
        }
        Refreshed {
            ledger,
            drifted,
            vanished: Vec::new(),
            errors,
        }
    }
}
