//! Ticket to plan.
