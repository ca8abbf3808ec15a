//! Whether a model can be asked, found out without asking it anything that costs.

use super::anthropic::Messages;
use super::build::{Options, endpoint};
use super::chat::Completions;
use super::error::ModelError;
use super::http::{Dialect, KeyHeader, Wire};
use super::{ModelFailure, Spec};
use crate::ids::ModelName;
use crate::sys::env::Env;

/// Why a model cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum Unreached {
    /// It is not even tried.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Its server does not answer, or refuses the key.
    #[error(transparent)]
    Failed(#[from] ModelFailure),
}

/// Asks the server for the list of its models, which every one of them has, and looks at the status alone. What is
/// replayed has no server.
pub async fn reach(name: &ModelName, spec: &Spec, options: &Options, env: &Env) -> Result<(), Unreached> {
    let (path, key, headers, service) = match spec {
        Spec::Anthropic(service) => ("v1/models", Messages::KEY, Messages::HEADERS, service),
        Spec::OpenAi(service) | Spec::OpenAiChat(service) => {
            ("models", Completions::KEY, Completions::HEADERS, service)
        }
        Spec::Replay(_) => return Ok(()),
    };
    let endpoint = endpoint(name, spec, service, options, env)?;
    let wire = Wire::new(endpoint).map_err(|source| ModelError::Endpoint { model: name.clone(), source })?;
    Ok(look(&wire, path, key, headers).await?)
}

async fn look(
    wire: &Wire,
    path: &str,
    key: KeyHeader,
    headers: &[(&'static str, &'static str)],
) -> Result<(), ModelFailure> {
    match wire.look(path, key, headers).await {
        // It is there, and has no list.
        Err(failed) if matches!(failed.status, Some(404 | 405 | 501)) => Ok(()),
        looked => looked,
    }
}
