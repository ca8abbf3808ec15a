//! Signals, from before a run begins to its end: each becomes an order, and Ctrl-Z a standstill of everything.

use std::convert::Infallible;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::CliError;
use crate::console::Console;
use crate::dispatch::{Order, Suspension};
use crate::process::{Supervisors, is_job};
use crate::sys::signal::{Signals, Suspensions, Urgency};

/// The longest that Ctrl-Z waits until it is on record: a disk that takes nothing must not keep a terminal.
const ON_RECORD: Duration = Duration::from_secs(5);

/// Listens until it is dropped. From its making on, no signal ends this process by itself.
pub(super) struct Listener {
    orders: watch::Receiver<Order>,
    run: watch::Sender<Option<mpsc::UnboundedSender<Suspension>>>,
    task: AbortHandle,
}

/// What a run's loop is told.
pub(super) struct Told {
    pub orders: watch::Receiver<Order>,
    pub suspensions: mpsc::UnboundedReceiver<Suspension>,
}

impl Listener {
    /// Begins to listen. Until [`Listener::attach`], a signal cancels `beginning` besides, which ends what is prepared. What
    /// the `supervisors` of the moment supervise stands still with us.
    pub fn start(
        console: &Console,
        beginning: CancellationToken,
        supervisors: watch::Receiver<Option<Supervisors>>,
    ) -> Self {
        let (order, orders) = watch::channel(Order::GoOn);
        let (run, attached) = watch::channel(None);
        let task = match (Signals::listen(), Suspensions::listen()) {
            (Ok(signals), Ok(suspensions)) => {
                let standstill = Standstill { supervisors, run: attached.clone(), console: console.clone() };
                let listening = Listening { order, attached, beginning, standstill };
                tokio::spawn(listening.go_on((signals, suspensions))).abort_handle()
            }
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "signals cannot be listened to");
                tokio::spawn(async {}).abort_handle()
            }
        };
        Self { orders, run, task }
    }

    /// From now on the run's loop takes the orders, and puts on record when everything stands still.
    pub fn attach(&self) -> Told {
        let (run, suspensions) = mpsc::unbounded_channel();
        self.run.send_replace(Some(run));
        Told { orders: self.orders.clone(), suspensions }
    }

    /// What is to be said when the beginning of a run failed: that it was a signal, if it was one.
    pub fn explain(&self, error: CliError, hint: impl FnOnce() -> String) -> CliError {
        self.ended(hint).unwrap_or(error)
    }

    /// What is to be said of a signal, if one came.
    pub fn ended(&self, hint: impl FnOnce() -> String) -> Option<CliError> {
        match *self.orders.borrow() {
            Order::GoOn => None,
            Order::Stop(signal) | Order::Kill(signal) => {
                Some(CliError::new(signal.into(), format!("ended by {}", signal.name())).hint(hint()))
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Listening {
    order: watch::Sender<Order>,
    attached: watch::Receiver<Option<mpsc::UnboundedSender<Suspension>>>,
    beginning: CancellationToken,
    standstill: Standstill,
}

impl Listening {
    async fn go_on(self, (mut signals, mut suspensions): (Signals, Suspensions)) {
        loop {
            tokio::select! {
                (signal, urgency) = signals.next() => {
                    let ordered = match urgency {
                        Urgency::Graceful => Order::Stop(signal),
                        Urgency::AtOnce => Order::Kill(signal),
                    };
                    self.order.send_replace(ordered);
                    // Afterwards the loop cancels by itself, when it knows why.
                    if self.attached.borrow().is_none() {
                        self.beginning.cancel();
                    }
                }
                () = suspensions.next() => self.standstill.make(&mut suspensions).await,
            }
        }
    }
}

/// What stands still with us.
struct Standstill {
    supervisors: watch::Receiver<Option<Supervisors>>,
    run: watch::Receiver<Option<mpsc::UnboundedSender<Suspension>>>,
    console: Console,
}

impl Standstill {
    /// Stops all trees, puts that on record, and stops this process last; whoever continues it has everything go on.
    async fn make(&self, suspensions: &mut Suspensions) {
        if !is_job() {
            return;
        }
        let supervisors = self.supervisors.borrow().clone();
        let run = self.run.borrow().clone();
        if let Some(supervisors) = &supervisors {
            supervisors.pause().await;
        }
        if let Some(run) = &run {
            let (waiting, on_record) = oneshot::channel::<Infallible>();
            // Where the loop has ended there is nothing to put on record, and the sender is dropped at once.
            drop(run.send(Suspension::Begins(waiting)));
            drop(tokio::time::timeout(ON_RECORD, on_record).await);
        }
        // In a thread for what may wait: this one must go on hearing signals.
        let leaving = self.console.clone();
        drop(tokio::task::spawn_blocking(move || leaving.make_room()).await);
        if let Err(error) = suspensions.stop().await {
            tracing::warn!(%error, "this process cannot be suspended");
        }
        self.console.go_on();
        if let Some(run) = &run {
            drop(run.send(Suspension::Ends));
        }
        if let Some(supervisors) = &supervisors {
            supervisors.resume().await;
        }
    }
}
