//! Passwords that the user supplies for secrets. They are in memory while an
//! apply runs, and nowhere else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

type Passwords = Arc<Mutex<BTreeMap<String, String>>>;

/// Those of all applies that run, by the names of their secrets. It has no
/// `Debug`: that would print them.
#[derive(Clone, Default)]
pub(super) struct Store(Passwords);

impl Store {
    pub fn supply(&self, passwords: BTreeMap<String, String>) -> Supplied {
        let names = passwords.keys().cloned().collect();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(passwords);
        drop(all);
        Supplied {
            store: self.clone(),
            names,
        }
    }

    pub fn of(&self, secret: &str) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(secret).cloned()
    }
}

/// Forgets its passwords when it is dropped.
#[must_use]
pub struct Supplied {
    store: Store,
    names: Vec<String>,
}

impl Drop for Supplied {
    fn drop(&mut self) {
        let mut all = self.store.0.lock().unwrap_or_else(PoisonError::into_inner);
        for name in &self.names {
            all.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_there_while_its_apply_runs() {
        let store = Store::default();
        let of = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let first = store.supply(of("a", "one"));
        let second = store.supply(of("b", "two"));
        assert_eq!(store.of("a").as_deref(), Some("one"));
        drop(first);
        assert_eq!(store.of("a"), None);
        assert_eq!(store.of("b").as_deref(), Some("two"));
        drop(second);
        assert_eq!(store.of("b"), None);
    }
}
