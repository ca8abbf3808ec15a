//! The thread that writes to a terminal while it has a region. Everyone else leaves lines and rows, and goes on.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::Terminal;
use super::region::Region;
use super::terminal::Size;

/// Least time between two drawings: more of them only make a terminal work.
const BREATH: Duration = Duration::from_millis(20);
/// Most bytes of lines that wait for a terminal that takes none.
const ROOM: usize = 1 << 20;

/// What both sides of the thread share.
pub(in super::super) struct Writer {
    state: Mutex<State>,
    /// Rung when there is work, and when some is done.
    bell: Condvar,
}

/// A stream, and why nothing more can be written to it.
pub(in super::super) type Stream = (Box<dyn Write + Send>, Option<io::Error>);

#[derive(Default)]
struct State {
    /// Lines that wait to be written.
    above: String,
    /// Lines for which there was no room.
    missed: usize,
    rows: Vec<String>,
    /// What the rows were made for.
    size: Option<Size>,
    /// Rows were set, or hidden, and that is not drawn.
    stale: bool,
    /// How many want the region away.
    holds: usize,
    /// The thread has taken something and not finished with it.
    busy: bool,
    /// The thread is to end when nothing is left to do.
    closing: bool,
    /// The stream before the thread has it.
    given: Option<Stream>,
    /// The stream after the thread had it.
    back: Option<Stream>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    /// Writes to `to` from a thread of its own; gives the stream back when there is no thread to be had.
    pub fn start(to: Stream, terminal: Terminal) -> Result<Arc<Self>, Stream> {
        let state = State { given: Some(to), ..State::default() };
        let writer = Arc::new(Self { state: Mutex::new(state), bell: Condvar::new() });
        let shared = Arc::clone(&writer);
        match thread::Builder::new().name("terminal".to_owned()).spawn(move || shared.work(terminal)) {
            Ok(_) => Ok(writer),
            Err(_) => Err(writer.lock().given.take().unwrap_or_else(nowhere)),
        }
    }

    /// Lines for good.
    pub fn say(&self, text: &str) {
        self.change(|state| {
            if state.above.len() + text.len() > ROOM {
                state.missed += text.lines().count();
            } else {
                state.above.push_str(text);
            }
        });
    }

    /// The region from now on, made for a screen of this size.
    pub fn show(&self, rows: Vec<String>, size: Size) {
        self.change(|state| {
            state.stale |= state.rows != rows || state.size != Some(size);
            (state.rows, state.size) = (rows, Some(size));
        });
    }

    /// Takes the region away until it is released as often as it was held.
    pub fn hold(&self) {
        self.change(|state| {
            state.holds += 1;
            state.stale = true;
        });
    }

    pub fn release(&self) {
        self.change(|state| {
            state.holds = state.holds.saturating_sub(1);
            state.stale = true;
        });
    }

    /// Waits until all is on the screen, at most so long.
    pub fn settle(&self, patience: Duration) {
        let unsettled = |state: &mut State| state.busy || state.has_work();
        drop(self.bell.wait_timeout_while(self.lock(), patience, unsettled));
    }

    /// Ends the thread when all is on the screen, the region gone, and gives the stream back.
    pub fn close(&self) -> Stream {
        self.change(|state| {
            state.closing = true;
            state.stale = true;
        });
        let mut state = sound(self.bell.wait_while(self.lock(), |state| state.back.is_none()));
        state.back.take().unwrap_or_else(nowhere)
    }

    /// What was said after the end.
    pub fn left(&self) -> String {
        std::mem::take(&mut self.lock().above)
    }

    fn work(&self, terminal: Terminal) {
        let mut back = GivesBack { writer: self, stream: self.lock().given.take() };
        let mut region = Region::default();
        while let Some((above, mut rows, size)) = self.next() {
            // Rows for another size than the screen has by now would break on it; new ones are on their way.
            if size != Some((terminal.size)()) || !(terminal.is_ours)() {
                rows.clear();
            }
            let bytes = region.compose(&above, &rows);
            if let Some((to, failure @ None)) = &mut back.stream
                && !bytes.is_empty()
            {
                *failure = to.write_all(bytes.as_bytes()).and_then(|()| to.flush()).err();
            }
            self.change(|state| state.busy = false);
            let resting = |state: &mut State| !state.is_urgent();
            drop(self.bell.wait_timeout_while(self.lock(), BREATH, resting));
        }
    }

    /// What is to be written next, as soon as there is something; nothing after the end.
    fn next(&self) -> Option<(String, Vec<String>, Option<Size>)> {
        let mut state = sound(self.bell.wait_while(self.lock(), |state| !state.has_work() && !state.closing));
        if !state.has_work() {
            return None;
        }
        state.busy = true;
        state.stale = false;
        let mut above = std::mem::take(&mut state.above);
        if state.missed > 0 {
            above += "! ";
            above += &state.missed.to_string();
            above += " lines were left out: the terminal took none\n";
            state.missed = 0;
        }
        let rows = if state.is_urgent() { Vec::new() } else { state.rows.clone() };
        Some((above, rows, state.size))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.bell.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        sound(self.state.lock())
    }
}

impl State {
    fn has_work(&self) -> bool {
        self.stale || !self.above.is_empty() || self.missed > 0
    }

    fn is_urgent(&self) -> bool {
        self.closing || self.holds > 0
    }
}

/// Gives the stream back however the thread ends: whoever waits for it must not wait for a thread that panicked.
struct GivesBack<'a> {
    writer: &'a Writer,
    stream: Option<Stream>,
}

impl Drop for GivesBack<'_> {
    fn drop(&mut self) {
        let stream = self.stream.take().unwrap_or_else(nowhere);
        self.writer.change(|state| {
            state.busy = false;
            state.back = Some(stream);
        });
    }
}

fn nowhere() -> Stream {
    (Box::new(io::sink()), None)
}

fn sound<'a, T>(held: Result<MutexGuard<'a, T>, PoisonError<MutexGuard<'a, T>>>) -> MutexGuard<'a, T> {
    // A thread that panicked while it held this leaves at worst a line or a frame too few.
    held.unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const SIZE: Size = Size { columns: 20, rows: 8 };
    const TERMINAL: Terminal = Terminal { size: || SIZE, is_ours: || true };
    const PATIENCE: Duration = Duration::from_secs(10);

    /// A terminal that takes nothing before it is told to.
    struct Stopped(mpsc::Receiver<()>, mpsc::Sender<String>);

    impl Write for Stopped {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Once the test is over, everything goes.
            let _ = self.0.recv();
            let _ = self.1.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn stopped() -> (Arc<Writer>, mpsc::Sender<()>, mpsc::Receiver<String>) {
        let ((go, going), (wrote, written)) = (mpsc::channel(), mpsc::channel());
        let Ok(writer) = Writer::start((Box::new(Stopped(going, wrote)), None), TERMINAL) else { panic!() };
        (writer, go, written)
    }

    #[test]
    fn nobody_waits_for_a_terminal_that_takes_nothing_and_old_frames_are_never_drawn() {
        let (writer, go, written) = stopped();
        writer.say("one\n");
        while !writer.lock().busy {
            thread::yield_now();
        }
        for second in 0..1000 {
            writer.show(vec![String::new(), format!("{second}s")], SIZE);
            writer.say("line\n");
        }
        writer.settle(Duration::from_millis(1));
        drop(go);
        writer.settle(PATIENCE);
        assert_eq!(written.recv().unwrap(), "one\n");
        let rest = written.recv().unwrap();
        assert!(rest.starts_with("line\n") && rest.contains("999s") && !rest.contains("998s"), "{rest}");
        writer.close();
        assert_eq!(written.recv().unwrap(), "\r\u{1b}[J");
    }

    #[test]
    fn what_a_stopped_terminal_could_not_be_told_is_counted() {
        let (writer, go, written) = stopped();
        let line = "x".repeat(1023) + "\n";
        writer.say(&line);
        while !writer.lock().busy {
            thread::yield_now();
        }
        for _ in 0..1100 {
            writer.say(&line);
        }
        drop(go);
        writer.close();
        let all: String = written.try_iter().collect();
        assert!(all.len() < ROOM + 8192, "{}", all.len());
        let told = all.lines().rfind(|line| line.starts_with('!')).unwrap();
        let missed: usize = told.split(' ').nth(1).unwrap().parse().unwrap();
        assert_eq!(missed + all.lines().filter(|line| line.starts_with('x')).count(), 1101, "{told}");
    }

    #[test]
    fn while_it_is_held_there_is_no_region() {
        let (writer, go, written) = stopped();
        drop(go);
        writer.show(vec![String::new(), "a".to_owned()], SIZE);
        writer.settle(PATIENCE);
        writer.hold();
        writer.say("sure? ");
        writer.settle(PATIENCE);
        writer.show(vec![String::new(), "b".to_owned()], SIZE);
        writer.settle(PATIENCE);
        let all: String = written.try_iter().collect();
        assert!(all.ends_with("\r\u{1b}[Jsure? "), "{all:?}");
        writer.release();
        writer.settle(PATIENCE);
        assert!(written.try_iter().collect::<String>().contains('b'));
    }

    #[test]
    fn rows_for_another_size_are_not_drawn() {
        let (writer, go, written) = stopped();
        drop(go);
        writer.show(vec![String::new(), "a".to_owned()], Size { columns: 30, rows: 8 });
        writer.settle(PATIENCE);
        assert_eq!(written.try_iter().collect::<String>(), "");
    }

    #[test]
    fn a_stream_that_breaks_is_given_back_broken() {
        struct Broken;
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let Ok(writer) = Writer::start((Box::new(Broken), None), TERMINAL) else { panic!() };
        writer.say("a\n");
        assert_eq!(writer.close().1.unwrap().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_thread_that_panics_holds_up_nobody() {
        struct Panics;
        impl Write for Panics {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                panic!("a fault of ours")
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let Ok(writer) = Writer::start((Box::new(Panics), None), TERMINAL) else { panic!() };
        writer.say("a\n");
        assert!(writer.close().1.is_none());
    }
}
