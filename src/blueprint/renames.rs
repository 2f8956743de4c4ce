//! Logical ids that changed their name between releases.
//!
//! A logical id is in users' state, in the tags of their resources and in
//! their overrides. Renaming one without an entry here would delete a
//! resource and create another.

/// Old name, new name, in the order the renames were made.
pub const RENAMES: &[(&str, &str)] = &[];

/// The name that a logical id has today.
pub fn current(id: &str) -> &str {
    RENAMES
        .iter()
        .fold(id, |name, (old, new)| if name == *old { new } else { name })
}
