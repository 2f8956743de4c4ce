//! Documents as strangers send them: sound ones, whose every text must be
//! found, and hostile ones, of which none may pass as clean.

mod support;

mod confinement;
mod office;
mod pdf;
mod text;
