//! A stream that may be closed, full or gone: it remembers, and never panics.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::live::{Stream, Terminal, Writer};

/// One of the two streams. Each write is one call under one lock, so that lines never mix.
pub(super) struct Sink {
    inner: Mutex<Inner>,
    /// Nobody waits for it any more; beside the lock, which a write that never returns may hold.
    abandoned: AtomicBool,
}

enum Inner {
    /// The stream, and why nothing more is written to it.
    Own(Stream),
    /// The stream is with a thread that keeps a region below what is written.
    Lent(Arc<Writer>),
}

impl Sink {
    pub(super) fn new(to: Box<dyn Write + Send>) -> Self {
        Self { inner: Mutex::new(Inner::Own((to, None))), abandoned: AtomicBool::new(false) }
    }

    /// Writes all of it, or remembers why not; after that it is silent.
    pub(super) fn write(&self, text: &str) {
        if self.abandoned.load(Ordering::Relaxed) || text.is_empty() {
            return;
        }
        match &mut *self.lock() {
            Inner::Lent(writer) => writer.say(text),
            Inner::Own(stream) => put(stream, text),
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
        let Inner::Own((_, broken)) = &mut *inner else { return Ok(()) };
        match broken.take() {
            Some(error) => {
                let gone = error.kind() == io::ErrorKind::BrokenPipe;
                *broken = Some(io::ErrorKind::BrokenPipe.into());
                if gone { Ok(()) } else { Err(error) }
            }
            None => Ok(()),
        }
    }

    /// Lends the stream to a thread that keeps a region on the terminal. True if it does.
    pub(super) fn lend(&self, terminal: Terminal) -> bool {
        let mut inner = self.lock();
        if let Inner::Own(stream) = &mut *inner {
            let lent = std::mem::replace(stream, (Box::new(io::sink()), None));
            match Writer::start(lent, terminal) {
                Ok(writer) => *inner = Inner::Lent(writer),
                Err(back) => *stream = back,
            }
        }
        matches!(*inner, Inner::Lent(_))
    }

    /// Who has the stream, while it is lent.
    pub(super) fn writer(&self) -> Option<Arc<Writer>> {
        match &*self.lock() {
            Inner::Lent(writer) => Some(Arc::clone(writer)),
            Inner::Own(_) => None,
        }
    }

    /// Takes the stream back as soon as all is written and the region is gone.
    pub(super) fn take_back(&self) {
        if let Some(writer) = self.writer() {
            // Whoever says something meanwhile must not wait for the terminal, so this is not done under the lock.
            let mut stream = writer.close();
            let mut inner = self.lock();
            put(&mut stream, &writer.left());
            *inner = Inner::Own(stream);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked while writing leaves at worst half a line.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
/// Writes all of it, or remembers why not.
fn put((to, broken): &mut Stream, text: &str) {
    if broken.is_none() && !text.is_empty() {
        *broken = to.write_all(text.as_bytes()).and_then(|()| to.flush()).err();
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
