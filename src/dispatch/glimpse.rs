//! What may be seen of the work between two events: shown to whoever looks on, never journalled, and lost rather than
//! waited for.

use tokio::sync::mpsc;

use crate::ids::{CheckName, ModelName, TaskId};
use crate::model::Delta;
use crate::run::{Place, Probe};

/// One look at what goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glimpse {
    /// The task; none for what concerns the whole run.
    pub task: Option<TaskId>,
    /// What is seen.
    pub sight: Sight,
}

/// What is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// The workspace is being made ready for the attempt.
    Preparing,
    /// The agent was started.
    Working,
    /// The agent said this: a line, as it came.
    Output(String),
    /// This model was asked.
    Asking(ModelName),
    /// A check was started on the result.
    Checking(CheckName),
    /// A check was started on what the work starts from.
    CheckingBase(CheckName),
}

/// Looks at one task, or at the whole run, for whoever is at the other end.
#[derive(Debug, Clone)]
pub(super) struct Eye {
    to: Option<mpsc::Sender<Glimpse>>,
    task: Option<TaskId>,
}

impl Eye {
    pub fn new(to: Option<mpsc::Sender<Glimpse>>, task: Option<TaskId>) -> Self {
        Self { to, task }
    }

    /// Nobody's work waits for a looker-on: what finds no room is lost.
    pub fn sees(&self, sight: Sight) {
        if let Some(to) = &self.to {
            drop(to.try_send(Glimpse { task: self.task.clone(), sight }));
        }
    }

    pub fn sees_output(&self, delta: Delta) {
        if self.to.is_some() {
            let (Delta::Text(text) | Delta::Aside(text)) = delta;
            self.sees(Sight::Output(text));
        }
    }

    pub fn sees_check(&self, probe: &Probe) {
        let name = probe.check.name.clone();
        self.sees(match probe.place {
            Place::Base(_) => Sight::CheckingBase(name),
            Place::Result(_) => Sight::Checking(name),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_takes_is_lost_and_nobody_waits() {
        let (to, mut seen) = mpsc::channel(1);
        let eye = Eye::new(Some(to), Some(TaskId::new("fix").unwrap()));
        eye.sees_output(Delta::Text("one".to_owned()));
        eye.sees_output(Delta::Aside("two".to_owned()));
        assert_eq!(seen.try_recv().unwrap().sight, Sight::Output("one".to_owned()));
        assert!(seen.try_recv().is_err());
        drop(seen);
        eye.sees(Sight::Working);
        Eye::new(None, None).sees(Sight::Preparing);
    }
}
