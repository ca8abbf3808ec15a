//! What a connection that failed means, told without its address's path and without anything secret.

use std::error::Error;

use crate::event::{FailureClass, Usage};
use crate::model::{Again, ModelFailure};
use crate::text;
use crate::time::Span;

/// A request that did not come through, or an answer that broke off.
pub(super) fn failed(error: &reqwest::Error, host: &str) -> ModelFailure {
    let why = text::printable(&deepest(error), 300);
    if let Some(tls) = certificate(error) {
        let why = text::printable(&tls.to_string(), 300);
        let detail = format!("{host} shows a certificate that is not trusted: {why}");
        return nothing_used(ModelFailure::new(FailureClass::Unusable, &detail, Again::Never));
    }
    if error.is_connect() {
        let detail = format!("no connection to {host}: {why}");
        return nothing_used(ModelFailure::new(FailureClass::Transient, &detail, Again::Backoff));
    }
    if error.is_builder() {
        let detail = format!("a request to {host} cannot be made: {why}");
        return nothing_used(ModelFailure::new(FailureClass::Unusable, &detail, Again::Never));
    }
    let detail = format!("the connection to {host} broke off: {why}");
    ModelFailure::new(FailureClass::Transient, &detail, Again::Backoff)
}

/// An answer that did not begin.
pub(super) fn late(host: &str, after: Span) -> ModelFailure {
    let detail = format!("{host} did not begin to answer within {after}");
    ModelFailure::new(FailureClass::Transient, &detail, Again::Backoff)
}

/// An answer that stopped coming.
pub(super) fn stalled(host: &str, after: Span) -> ModelFailure {
    let detail = format!("{host} was silent for {after} in the middle of its answer");
    ModelFailure::new(FailureClass::Transient, &detail, Again::Backoff)
}

/// An answer that goes on for too long. The same again would take as long again, and cost as much.
pub(super) fn timed_out(host: &str, after: Span) -> ModelFailure {
    let detail = format!("{host} was not done with its answer after {after}");
    ModelFailure::new(FailureClass::Timeout, &detail, Again::Never)
}

/// An answer that ends before its end.
pub(in crate::model) fn cut() -> ModelFailure {
    let detail = "the answer was cut off before its end";
    ModelFailure::new(FailureClass::Transient, detail, Again::Backoff)
}

/// An answer that is none, as from a gateway that is out of order. The next may be one; nothing of it is the model's.
pub(in crate::model) fn unreadable(what: &str) -> ModelFailure {
    ModelFailure::new(FailureClass::Transient, what, Again::Backoff)
}

fn nothing_used(failure: ModelFailure) -> ModelFailure {
    ModelFailure { usage: Usage::NOTHING, ..failure }
}

/// The first cause says most, and the outer ones would show the whole address.
fn deepest(error: &reqwest::Error) -> String {
    let mut deepest: &dyn Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    match deepest.downcast_ref::<reqwest::Error>() {
        // There is no cause, so it is told itself, but without the address it carries.
        Some(_) if error.is_timeout() => "it timed out".to_owned(),
        Some(_) => "an error of the protocol".to_owned(),
        None => deepest.to_string(),
    }
}

/// The error of TLS that no repetition mends, wherever it is wrapped.
fn certificate<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found @ rustls::Error::InvalidCertificate(_)) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // An error of I/O passes over what it wraps when it is asked for its source.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}
