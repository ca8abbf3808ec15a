//! Standing still: every tree is stopped where it is and goes on later, and the time between counts towards nothing.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use tokio::sync::{broadcast, mpsc, watch};

use crate::sys::clock;

/// As many wishes can be on their way to a command; one that is made waits until it has arrived.
const WISHES: usize = 16;

/// Told to every command at work. The sender is dropped when it has been passed on: when all are, everyone has.
#[derive(Clone)]
pub(super) enum Pace {
    Pause { _told: mpsc::Sender<Infallible> },
    Resume { _told: mpsc::Sender<Infallible> },
}

/// What the commands of one pool are told, and how long they have stood still.
pub(super) struct Paces {
    wishes: broadcast::Sender<Pace>,
    stands: watch::Sender<Stands>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Stands {
    /// Since when everything stands still.
    since: Option<Instant>,
    /// All earlier times together.
    before: Duration,
}

impl Stands {
    fn total(self) -> Duration {
        self.before + self.since.map(|since| since.elapsed()).unwrap_or_default()
    }
}

impl Paces {
    pub(super) fn new() -> Self {
        Self { wishes: broadcast::Sender::new(WISHES), stands: watch::Sender::default() }
    }

    /// Returns when every command at work has passed it on to its supervisor. None begins from here on.
    pub(super) async fn pause(&self) {
        self.stands.send_modify(|stands| {
            stands.since.get_or_insert_with(clock::monotonic);
        });
        self.tell(|told| Pace::Pause { _told: told }).await;
    }

    pub(super) async fn resume(&self) {
        self.stands.send_modify(|stands| *stands = Stands { since: None, before: stands.total() });
        self.tell(|told| Pace::Resume { _told: told }).await;
    }

    /// What a command is told from here on: it is handed out while nothing stands still, so none begins in between.
    pub(super) async fn join(&self) -> broadcast::Receiver<Pace> {
        let stands_still = || self.stands.borrow().since.is_some();
        loop {
            let wishes = self.wishes.subscribe();
            if !stands_still() {
                return wishes;
            }
            // Whoever stood still while it waited would keep those waiting who wait for it to pass a wish on.
            drop(wishes);
            // The sender is ours, so it is not gone.
            drop(self.stands.subscribe().wait_for(|stands| stands.since.is_none()).await);
        }
    }

    pub(super) fn stood_still(&self) -> Duration {
        self.stands.borrow().total()
    }

    async fn tell(&self, wish: impl FnOnce(mpsc::Sender<Infallible>) -> Pace) {
        let (told, mut all) = mpsc::channel(1);
        // Without a command there is nobody to tell.
        drop(self.wishes.send(wish(told)));
        all.recv().await;
    }
}
