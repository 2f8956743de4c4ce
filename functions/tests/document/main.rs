//! Documents as strangers send them: sound ones, whose every text must be
//! found, and hostile ones, of which none may pass as clean.

mod build;
mod support;

mod confinement;
mod hostile_office;
mod hostile_pdf;
mod mutations;
mod office;
mod pdf;
mod text;
