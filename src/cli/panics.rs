//! Panics: our own fault, told in a line and never with exit code 101.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{PanicHookInfo, set_hook};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::CliError;
use super::exit::Exit;

/// The first panic of this process, in whatever thread.
#[derive(Debug, Clone, Default)]
pub struct Panics {
    first: Arc<Mutex<Option<Panic>>>,
}

/// A panic: what was said, where, and by way of what.
#[derive(Debug, Clone)]
pub struct Panic {
    message: String,
    place: String,
    trace: Option<String>,
}

impl Panics {
    /// From now on panics are kept instead of printed.
    pub fn watch() -> Self {
        let panics = Self::default();
        let kept = Arc::clone(&panics.first);
        set_hook(Box::new(move |info| {
            let panic = Panic::of(info);
            tracing::error!(target: "orchestra::panic", place = panic.place, "{}", panic.message);
            kept.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
        }));
        panics
    }

    /// The first one, if there was any.
    pub fn first(&self) -> Option<Panic> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Panic {
    fn of(info: &PanicHookInfo<'_>) -> Self {
        let said = info.payload();
        let said = said.downcast_ref::<&str>().copied().or_else(|| said.downcast_ref::<String>().map(String::as_str));
        let message = said.unwrap_or("without a message").to_owned();
        let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let trace = Backtrace::capture();
        let trace = (trace.status() == BacktraceStatus::Captured).then(|| trace.to_string());
        Self { message, place, trace }
    }

    /// What the user is told.
    pub fn error(&self) -> CliError {
        let mut message = format!("orchestra failed at {}: {}", self.place, self.message);
        if let Some(trace) = &self.trace {
            message += "\n";
            message += trace;
        }
        CliError::new(Exit::Internal, message).hint(
            "this is a fault of orchestra, not yours. What was recorded is kept: `orchestra resume` goes on.\n\
             Please report it with this message and the run's trace.jsonl; RUST_BACKTRACE=1 tells more",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_our_own_fault_and_says_where_and_how_to_report_it() {
        let panic = Panic { message: "index 3".to_owned(), place: "src/x.rs:1:2".to_owned(), trace: None };
        let error = panic.error();
        assert_eq!(
            (error.exit(), error.to_string()),
            (Exit::Internal, "orchestra failed at src/x.rs:1:2: index 3".into())
        );
        assert!(error.json()["error"]["hint"].as_str().unwrap().contains("orchestra resume"));
    }
}
