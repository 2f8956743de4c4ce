//! What validate, encrypt and scan have in common: a document is brought here
//! and parsed, within the time that the function has left.

use super::{Call, Outcome};
use crate::audit::DocumentVersion;
use crate::document::{self, Code, Limits, Mode, Parsed, Piece, Refusal};
use crate::error::Failure;
use crate::store::{Local, Stored};
use std::time::Duration;

/// Between the end of a parser and the end of the operation: what is done
/// about the verdict.
const AFTERWARDS: Duration = Duration::from_secs(2);

/// Parses `local`. A refusal is a verdict on the document; a failure says
/// nothing about it, and the event comes again.
pub async fn parse(
    call: &Call<'_>,
    local: &Local,
    mode: Mode,
    take: &mut (dyn FnMut(Piece<'_>) + Send),
) -> Result<Result<Parsed, Refusal>, Failure> {
    let mut limits = Limits::default();
    let left = call.left().saturating_sub(AFTERWARDS);
    let cut_short = left < limits.wall;
    limits.wall = limits.wall.min(left);
    let program = &call.function.program;
    match document::parse(program, local.reopen()?, mode, &limits, take).await {
        Err(refusal) if refusal.is_ours() => Err(Failure::Local {
            operation: "parsing a document",
            cause: refusal.sentence,
        }),
        // Too slow for the time that is left is not too slow for a document.
        Err(refusal) if cut_short && refusal.is(Code::TooSlow) => Err(Failure::Local {
            operation: "parsing a document",
            cause: format!(
                "only {} ms were left for it; raise the function's timeout",
                left.as_millis()
            ),
        }),
        verdict => Ok(verdict),
    }
}

/// Parses `local` and tells whether the pipeline takes such a document.
pub async fn check(call: &Call<'_>, local: &Local) -> Result<Result<Parsed, Refusal>, Failure> {
    let parsed = match parse(call, local, Mode::Check, &mut |_| {}).await? {
        Ok(parsed) => parsed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let accepted = &call.settings.document_types;
    if accepted.contains(&parsed.kind) {
        return Ok(Ok(parsed));
    }
    let names: Vec<&str> = accepted.iter().map(|kind| kind.as_str()).collect();
    Ok(Err(Refusal {
        code: "type-not-accepted".to_owned(),
        sentence: format!(
            "the document is {}; this pipeline accepts {}",
            parsed.kind.as_str(),
            names.join(", ")
        ),
    }))
}

/// The refusal of a document that is larger than the pipeline takes.
pub fn too_large(call: &Call<'_>, size: u64) -> Option<Refusal> {
    let limit = call.settings.max_document_bytes;
    (size > limit).then(|| {
        let sentence = format!("the document has {size} bytes; at most {limit} are accepted");
        Refusal::new(Code::TooLarge, sentence)
    })
}

/// The refusal of a document without a byte.
pub fn empty(size: u64) -> Option<Refusal> {
    (size == 0).then(|| Refusal::new(Code::Empty, "the document is empty"))
}

impl Outcome {
    /// What is about one version of one document.
    pub fn about(mut self, stored: &Stored) -> Self {
        self.document = Some(DocumentVersion {
            bucket: stored.bucket.clone(),
            key: stored.key.clone(),
            version: stored.version.clone(),
        });
        self
    }

    /// The facts of a document that was parsed.
    pub fn sound(self, parsed: &Parsed, local: &Local) -> Self {
        let outcome = self
            .fact("kind", parsed.kind.as_str())
            .fact("size", local.size)
            .fact("sha256", local.sha256.clone())
            .fact("parts", parsed.parts);
        match &parsed.unreadable {
            Some(why) => outcome.fact("unreadable", why.clone()),
            None => outcome,
        }
    }

    /// The facts of a document that was refused.
    pub fn refused(self, refusal: &Refusal) -> Self {
        let mut outcome = self.fact("explanation", refusal.sentence.clone());
        outcome.reason = Some(refusal.code.clone());
        outcome
            .answer
            .insert("reason".to_owned(), refusal.code.clone().into());
        outcome
    }
}

/// That a caller's document is not there.
pub fn not_found(name: &str, why: &str) -> Failure {
    Failure::request(
        404,
        "DocumentNotFound",
        format!("there is no document {name:?}{why}"),
    )
}
