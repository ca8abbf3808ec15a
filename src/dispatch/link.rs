//! How the loop is tied to the outside: orders and answers in, events and questions out.

use std::convert::Infallible;

use tokio::sync::{mpsc, oneshot, watch};

use super::Glimpse;
use crate::event::{Decision, Event};
use crate::ids::TaskId;
use crate::sys::signal::Signal;

/// What the outside may order while a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Nothing.
    GoOn,
    /// End what is at work within its grace, and stop.
    Stop(Signal),
    /// The same, at once.
    Kill(Signal),
}

/// A question to a person, and where the answer goes. No answer: nobody can be reached.
#[derive(Debug)]
pub struct Question {
    /// The task, or the plan.
    pub task: Option<TaskId>,
    /// The attempt that was interrupted, where it is whether to run the task again.
    pub interrupted: Option<u32>,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Decision>,
}

/// Ctrl-Z, and what undoes it.
#[derive(Debug)]
pub enum Suspension {
    /// Everything stands still from now on. The sender is dropped when that is on record.
    Begins(oneshot::Sender<Infallible>),
    /// Everything goes on.
    Ends,
}

/// How the loop is tied to the outside.
#[derive(Debug)]
pub struct Link {
    /// Every event, once it is durable.
    pub events: mpsc::UnboundedSender<Event>,
    /// Orders from outside.
    pub orders: watch::Receiver<Order>,
    /// Told when a person has everything stand still.
    pub suspensions: mpsc::UnboundedReceiver<Suspension>,
    /// Where questions go; without it nobody is asked.
    pub questions: Option<mpsc::UnboundedSender<Question>>,
    /// Where to what is seen between events goes; bounded, and what finds no room is lost. Without it nobody looks.
    pub glimpses: Option<mpsc::Sender<Glimpse>>,
}
