//! Calls that take many ids, and that AWS allows few of: what is asked for
//! while one is on its way goes together in the next.

use super::resource_type::Outcome;
use crate::engine::{ErrorKind, HandlerError};
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// What waits for the next call.
#[derive(Default)]
pub(super) struct Gathering {
    waiting: Mutex<Vec<Asked>>,
    /// Held during a call.
    turn: tokio::sync::Mutex<()>,
}

struct Asked {
    id: String,
    answer: oneshot::Sender<Outcome<()>>,
}

impl Gathering {
    /// One id's part in a call. `call` answers for each id that it was given,
    /// in their order, or fails for all of them; then, unless that passes, each
    /// is tried alone, so that one that must not be touched keeps no other.
    ///
    /// Where whoever makes the call is interrupted, what others wait for is
    /// `Transient`.
    pub async fn join<F, Fut>(&self, operation: &str, id: &str, call: F) -> Outcome<()>
    where
        F: Fn(Vec<String>) -> Fut,
        Fut: Future<Output = Outcome<Vec<Outcome<()>>>>,
    {
        let (answer, answered) = oneshot::channel();
        let id = id.to_owned();
        self.lock().push(Asked { id, answer });
        let turn = self.turn.lock().await;
        let asked = std::mem::take(&mut *self.lock());
        if !asked.is_empty() {
            let ids: Vec<String> = asked.iter().map(|asked| asked.id.clone()).collect();
            let answers = match call(ids.clone()).await {
                Ok(answers) => answers,
                // What passes is tried again, and gathers again.
                Err(error) if ids.len() == 1 || passes(error.kind) => {
                    ids.iter().map(|_| Err(error.clone())).collect()
                }
                Err(_) => each(&call, ids).await,
            };
            for (asked, answer) in asked.into_iter().zip(answers) {
                // Whoever was interrupted does not listen any more.
                let _ = asked.answer.send(answer);
            }
        }
        drop(turn);
        answered.await.unwrap_or_else(|_| {
            Err(HandlerError::ours(
                ErrorKind::Transient,
                operation,
                "the call that this was part of was interrupted",
            ))
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Asked>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn passes(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Throttled | ErrorKind::Transient)
}

async fn each<F, Fut>(call: &F, ids: Vec<String>) -> Vec<Outcome<()>>
where
    F: Fn(Vec<String>) -> Fut,
    Fut: Future<Output = Outcome<Vec<Outcome<()>>>>,
{
    let mut answers = Vec::new();
    for id in ids {
        let alone = call(vec![id]).await;
        answers.push(alone.and_then(|mut one| one.pop().unwrap_or(Ok(()))));
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::time::Duration;

    /// Asks for five at once; returns the calls that were made, and who failed.
    async fn five(forbidden: Option<&str>, kind: ErrorKind) -> (Vec<Vec<String>>, Vec<bool>) {
        let (gathering, calls) = (Gathering::default(), RefCell::new(Vec::new()));
        let call = |ids: Vec<String>| {
            calls.borrow_mut().push(ids.clone());
            async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                if ids.iter().any(|id| Some(id.as_str()) == forbidden) {
                    return Err(HandlerError::ours(kind, "x:Y", "no"));
                }
                Ok(ids.iter().map(|_| Ok(())).collect())
            }
        };
        let asked = ["a", "b", "c", "d", "e"].map(|id| gathering.join("x:Y", id, call));
        let failed = futures::future::join_all(asked).await;
        let failed = failed.iter().map(Result::is_err).collect();
        (calls.take(), failed)
    }

    fn ids(text: &str) -> Vec<String> {
        text.chars().map(String::from).collect()
    }

    #[tokio::test]
    async fn what_is_asked_for_meanwhile_goes_together() {
        let (calls, failed) = five(None, ErrorKind::Other).await;
        assert_eq!(calls, [ids("a"), ids("bcde")]);
        assert_eq!(failed, [false; 5]);
    }

    #[tokio::test]
    async fn one_that_is_refused_keeps_no_other() {
        let (calls, failed) = five(Some("c"), ErrorKind::AccessDenied).await;
        assert_eq!(calls.len(), 6, "{calls:?}");
        assert_eq!(failed, [false, false, true, false, false]);
    }

    #[tokio::test]
    async fn a_throttled_call_is_not_made_once_more_for_each() {
        let (calls, failed) = five(Some("c"), ErrorKind::Throttled).await;
        assert_eq!(calls, [ids("a"), ids("bcde")]);
        assert_eq!(failed, [false, true, true, true, true]);
    }

    #[tokio::test]
    async fn those_whose_call_is_interrupted_are_told() {
        let gathering = Gathering::default();
        let never = |_: Vec<String>| std::future::pending::<Outcome<Vec<Outcome<()>>>>();
        let mut first = Box::pin(gathering.join("x:Y", "a", never));
        assert!(futures::poll!(&mut first).is_pending());
        let second = gathering.join("x:Y", "b", |ids| async move {
            Ok(ids.iter().map(|_| Ok(())).collect())
        });
        drop(first);
        assert_eq!(second.await, Ok(()), "it makes a call of its own");
    }
}
