//! The trait of one attempt, and the agents.
