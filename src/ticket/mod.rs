//! What was asked: loads a ticket and normalises it.
