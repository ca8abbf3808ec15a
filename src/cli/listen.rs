//! Signals, from before a run begins to its end: each becomes an order, and Ctrl-Z a pause of everything.

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::CliError;
use crate::console::Console;
use crate::dispatch::Order;
use crate::process::Supervisors;
use crate::sys::signal::{Signals, Suspensions, Urgency, suspend_this_process};

/// Listens until it is dropped. From its making on, no signal ends this process by itself.
pub(super) struct Listener {
    orders: watch::Receiver<Order>,
    supervisors: watch::Sender<Option<Supervisors>>,
    task: AbortHandle,
}

impl Listener {
    /// Begins to listen. Until [`Listener::attach`], a signal cancels `beginning` besides, which ends what is prepared.
    pub fn start(console: &Console, beginning: CancellationToken) -> Self {
        let (order, orders) = watch::channel(Order::GoOn);
        let (supervisors, attached) = watch::channel(None);
        let task = match (Signals::listen(), Suspensions::listen()) {
            (Ok(signals), Ok(suspensions)) => {
                let console = console.clone();
                tokio::spawn(listen((signals, suspensions), order, attached, beginning, console)).abort_handle()
            }
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "signals cannot be listened to");
                tokio::spawn(async {}).abort_handle()
            }
        };
        Self { orders, supervisors, task }
    }

    /// From now on the run's loop takes the orders, and a pause stops what these supervise.
    pub fn attach(&self, supervisors: Supervisors) -> watch::Receiver<Order> {
        self.supervisors.send_replace(Some(supervisors));
        self.orders.clone()
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

async fn listen(
    (mut signals, mut suspensions): (Signals, Suspensions),
    order: watch::Sender<Order>,
    attached: watch::Receiver<Option<Supervisors>>,
    beginning: CancellationToken,
    console: Console,
) {
    loop {
        tokio::select! {
            (signal, urgency) = signals.next() => {
                let ordered = match urgency {
                    Urgency::Graceful => Order::Stop(signal),
                    Urgency::AtOnce => Order::Kill(signal),
                };
                order.send_replace(ordered);
                // Afterwards the loop cancels by itself, when it knows why.
                if attached.borrow().is_none() {
                    beginning.cancel();
                }
            }
            () = suspensions.next() => {
                let supervisors = attached.borrow().clone();
                if let Some(supervisors) = &supervisors {
                    supervisors.pause().await;
                }
                // In a thread for what may wait: this one must go on hearing signals.
                let leaving = console.clone();
                drop(tokio::task::spawn_blocking(move || leaving.make_room()).await);
                if let Err(error) = suspend_this_process().await {
                    tracing::warn!(%error, "this process cannot be suspended");
                }
                console.go_on();
                if let Some(supervisors) = &supervisors {
                    supervisors.resume().await;
                }
            }
        }
    }
}
