//! A stream that may be closed, full or gone: it remembers, and never panics.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One of the two streams. Each write is one call under one lock, so that lines never mix.
pub(super) struct Sink {
    inner: Mutex<Inner>,
    /// Nobody waits for it any more; beside the lock, which a write that never returns may hold.
    abandoned: AtomicBool,
}

struct Inner {
    to: Box<dyn Write + Send>,
    /// Why nothing more is written.
    broken: Option<io::Error>,
}

impl Sink {
    pub(super) fn new(to: Box<dyn Write + Send>) -> Self {
        Self { inner: Mutex::new(Inner { to, broken: None }), abandoned: AtomicBool::new(false) }
    }

    /// Writes all of it, or remembers why not; after that it is silent.
    pub(super) fn write(&self, text: &str) {
        if self.abandoned.load(Ordering::Relaxed) {
            return;
        }
        let mut inner = self.lock();
        if inner.broken.is_some() || text.is_empty() {
            return;
        }
        if let Err(error) = inner.to.write_all(text.as_bytes()).and_then(|()| inner.to.flush()) {
            inner.broken = Some(error);
        }
    }

    /// From now on it is silent, also while a write waits for a reader who does not read.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    /// The failure, once; a reader that has gone away is none.
    pub(super) fn failure(&self) -> io::Result<()> {
        if self.abandoned.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut inner = self.lock();
        match inner.broken.take() {
            Some(error) => {
                let gone = error.kind() == io::ErrorKind::BrokenPipe;
                inner.broken = Some(io::ErrorKind::BrokenPipe.into());
                if gone { Ok(()) } else { Err(error) }
            }
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked while writing leaves at worst half a line.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(io::ErrorKind, u32);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            assert_eq!(self.1, 1, "nothing is written after a failure");
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_silence_and_a_full_disk_is_an_error_told_once() {
        let closed = Sink::new(Box::new(Failing(io::ErrorKind::BrokenPipe, 0)));
        closed.write("a\n");
        closed.write("b\n");
        assert!(closed.failure().is_ok());

        let full = Sink::new(Box::new(Failing(io::ErrorKind::StorageFull, 0)));
        full.write("a\n");
        full.write("b\n");
        assert_eq!(full.failure().unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(full.failure().is_ok());
    }
}
