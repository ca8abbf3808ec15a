//! Layers of configuration, their origins, and their validation.
//!
//! Weakest first: the embedded `config/default.yaml`, the user's file, the project's file (named or discovered), the
//! environment, flags. Each layer is read into a tree that knows its places, then into a typed part in which every key
//! may be missing; the parts are laid over one another, and what results is plain values.
//!
//! Invariants: a discovered project file only narrows. No secret is ever taken in. No room names this one: the command
//! line takes a [`Config`] apart and hands each room its options.

mod decode;
mod effective;
mod fault;
mod jobs;
mod load;
mod narrow;
mod node;
mod paths;
mod rules;
mod schema;
mod setting;
mod shape;
mod sources;
mod yaml;

#[cfg(test)]
mod input_tests;
#[cfg(test)]
mod manual;
#[cfg(test)]
mod models_tests;
#[cfg(test)]
mod tests;

pub use fault::{ConfigErrors, Fault, Origin, Spot};
pub use jobs::Jobs;
pub use load::{Loaded, load};
pub use narrow::{Ignored, TO_TRUST};
pub use schema::schema;
pub use shape::{
    Asking, Budget, CheckSettings, Config, Journal, Limits, Planner, PlannerUse, Project, Prompts, Review, Roles, Run,
    Runs, Template, Unchecked, Unknown, Verify, Version, Workspace,
};
pub use sources::{Dir, PROJECT_FILES, Sources};
