//! What was asked: loads a ticket and normalises it.
//!
//! [`Ticket::load`] reads what the user pointed at; [`Ticket::parse`] is the pure half, and gives the
//! same ticket for the same text. Everything in a ticket was written by a stranger: it is data, and it
//! is never cleaned or escaped here, because that belongs to whoever shows it.

mod diff;
mod error;
mod fields;
mod identifiers;
mod items;
mod load;
mod markdown;
mod model;
mod normal;
mod parse;
mod paths;
#[cfg(test)]
mod real_tests;
mod sections;
mod title;

pub use error::TicketError;
pub use load::Asked;
pub use model::{CodeBlock, DiffBlock, ItemKind, Source, Ticket, WorkItem};

/// The longest ticket that is read, in bytes: 1 MiB.
pub const MAX_BYTES: usize = 1 << 20;
