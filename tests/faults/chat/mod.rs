//! The agent that is a model with tools: whatever the model says, it works within its folder and its limits, and what it
//! claims is a claim.

mod limits;
mod rig;
mod tools;
mod work;
