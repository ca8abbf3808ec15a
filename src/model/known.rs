//! A model as the rest of the program has it: whom to ask, and what is known of it beforehand.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Model, Prices, Request};
use crate::event::Amount;
use crate::ids::{Digest, ModelName};
use crate::money::Usd;
use crate::policy::Spends;

/// A model of the configuration.
#[derive(Clone)]
pub struct Known {
    /// Its name there.
    pub name: ModelName,
    /// Whom to ask.
    pub model: Arc<dyn Model>,
    /// What its tokens cost; unknown is not the same as nothing.
    pub prices: Option<Prices>,
    /// Most tokens of one request, what is asked and what is answered together.
    pub context_tokens: u64,
    /// Most tokens of one answer.
    pub max_output_tokens: u32,
    /// What identifies what it says: provider, model and settings; never prices, limits, addresses or keys.
    pub digest: Digest,
}

impl Known {
    /// Whether it tells what it costs: without prices it tells tokens alone.
    pub fn spends(&self) -> Spends {
        if self.prices.is_some() { Spends::Tells } else { Spends::Untold }
    }

    /// The most that `request` could use: its bytes as tokens at [`Request::tokens`], and all of the answer it allows.
    pub fn most(&self, request: &Request) -> Amount {
        let (input, output) = (request.tokens(), u64::from(request.max_output_tokens));
        let usd = self.prices.map_or(Usd::ZERO, |prices| prices.most(input, output));
        Amount { usd, tokens: input.saturating_add(output) }
    }
}

/// The models of a run by name.
#[derive(Clone, Default)]
pub struct Models(BTreeMap<ModelName, Known>);

/// There is no such model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no model `{name}`{}", others(.known))]
pub struct UnknownModel {
    /// What was asked for.
    pub name: ModelName,
    /// What there is, sorted.
    pub known: Vec<ModelName>,
}

impl Models {
    /// The model with this name.
    pub fn get(&self, name: &ModelName) -> Result<&Known, UnknownModel> {
        self.0.get(name).ok_or_else(|| UnknownModel { name: name.clone(), known: self.0.keys().cloned().collect() })
    }
}

impl Models {
    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Known> {
        self.0.values()
    }

    /// The smallest window among them; nothing where there are none.
    pub fn smallest_window(&self) -> Option<u64> {
        self.0.values().map(|known| known.context_tokens).min()
    }
}

impl FromIterator<Known> for Models {
    fn from_iter<I: IntoIterator<Item = Known>>(models: I) -> Self {
        Self(models.into_iter().map(|known| (known.name.clone(), known)).collect())
    }
}

fn others(known: &[ModelName]) -> String {
    if known.is_empty() {
        return String::new();
    }
    format!("; there are: {}", known.iter().map(ModelName::as_str).collect::<Vec<_>>().join(", "))
}
