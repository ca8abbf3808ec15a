//! The shell of a run: one loop owns the state and the journal; workers act and send it messages.
//!
//! The loop appends an event, waits until it is durable, and only then lets the effect happen: intent before effect.
//! It decides nothing itself: [`crate::run::decide`] does, from the state alone.

mod dispatcher;
mod error;
mod glimpse;
mod handed;
mod hands;
mod identity;
mod inbox;
mod launch;
mod lent;
mod link;
mod note;
mod open;
mod planning;
mod record;
mod replanning;
mod start;
mod survey;
mod worker;

pub use dispatcher::{Ending, drive};
pub use error::DispatchError;
pub use glimpse::{Glimpse, Sight};
pub use hands::{Hands, Work};
pub use identity::Identity;
pub use lent::Lent;
pub use link::{Link, Order, Question, Suspension};
pub use note::ticket_note;
pub use open::{Held, beginning, clear_up, explain, fold, open};
pub use planning::{Planning, began_without_plan, plan_base, planned_by};
pub use start::{Equipment, NewRun, Opened, begin};
pub use survey::{Changed, Explained, Over, Survey, SurveyError, Wishes, explained, survey};
