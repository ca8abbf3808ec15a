//! What was asked for, as templates see it: the same whether it comes from the ticket or from a task's message.

use serde::Serialize;

use crate::message::TicketNote;
use crate::ticket::Ticket;

/// The parts of a ticket that prompts are made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Asked<'a> {
    /// Its key where it came from.
    #[serde(rename = "ref")]
    pub reference: Option<&'a str>,
    /// One line.
    pub title: &'a str,
    /// The whole of it.
    pub text: &'a str,
    /// What must hold in the end.
    pub acceptance: &'a [String],
    /// Files it names.
    pub paths: &'a [String],
    /// Names of code it names.
    pub identifiers: &'a [String],
}

impl<'a> From<&'a TicketNote> for Asked<'a> {
    fn from(note: &'a TicketNote) -> Self {
        let TicketNote { reference, digest: _, title, text, acceptance, diffs: _, paths, identifiers } = note;
        Self { reference: reference.as_deref(), title, text, acceptance, paths, identifiers }
    }
}

impl<'a> From<&'a Ticket> for Asked<'a> {
    fn from(ticket: &'a Ticket) -> Self {
        let Ticket { key, title, text, acceptance, paths, identifiers, .. } = ticket;
        Self { reference: key.as_deref(), title, text, acceptance, paths, identifiers }
    }
}
