//! Models as the configuration names them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Prices;
use super::http::BaseUrl;
use super::listed::listed;

/// Whose protocol is spoken, and the settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Spec {
    /// Anthropic's Messages.
    Anthropic(Service),
    /// OpenAI's Responses.
    #[serde(rename = "openai")]
    OpenAi(Service),
    /// OpenAI's Chat Completions, which most other servers speak as well: Ollama, vLLM, llama.cpp, LM Studio, gateways.
    #[serde(rename = "openai-chat")]
    OpenAiChat(Service),
    /// What a model answered before, from the files that `model.record` made.
    Replay(Recordings),
}

/// A service that answers over HTTP.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The model, by the name that the service has for it.
    // Asked for when all layers are laid over one another: one may set the name, and another the address.
    #[serde(default)]
    pub model: String,
    /// Where the service is, as in `http://127.0.0.1:11434/v1`; the provider's own address if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<BaseUrl>,
    /// The name of the variable that holds the key. If left out: the provider's usual one at its own address, and no key at
    /// any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_env: Option<String>,
    /// Headers sent with each request; never a key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Most tokens of one answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<Tokens>,
    /// Most tokens of one request and its answer together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<Tokens>,
    /// What its tokens cost, in US dollars per million. If left out: the list prices that this program knows, else unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<Prices>,
    /// Whether answers come bit by bit; `false` for a server that cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<bool>,
    /// Whether the server holds an answer to a JSON schema; `false` for one that cannot, which is asked for it in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json_schema: Option<bool>,
}

/// Answers from files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recordings {
    /// The folder they are in, relative to the file that says so.
    pub dir: PathBuf,
}

impl Spec {
    /// The provider's name, as in the configuration.
    pub fn provider(&self) -> &'static str {
        match self {
            Self::Anthropic(_) => "anthropic",
            Self::OpenAi(_) => "openai",
            Self::OpenAiChat(_) => "openai-chat",
            Self::Replay(_) => "replay",
        }
    }

    /// The folder that it answers from, where it does.
    pub fn recordings(&self) -> Option<&Path> {
        match self {
            Self::Anthropic(_) | Self::OpenAi(_) | Self::OpenAiChat(_) => None,
            Self::Replay(recordings) => Some(&recordings.dir),
        }
    }

    /// The service, where there is one.
    pub fn service(&self) -> Option<&Service> {
        match self {
            Self::Anthropic(service) | Self::OpenAi(service) | Self::OpenAiChat(service) => Some(service),
            Self::Replay(_) => None,
        }
    }

    /// The same to be changed.
    pub fn service_mut(&mut self) -> Option<&mut Service> {
        match self {
            Self::Anthropic(service) | Self::OpenAi(service) | Self::OpenAiChat(service) => Some(service),
            Self::Replay(_) => None,
        }
    }

    /// The variable that holds its key; `None` if it is asked without one.
    pub fn key_variable(&self) -> Option<&str> {
        let service = self.service()?;
        match (&service.api_key_env, &service.base_url) {
            (Some(name), _) => Some(name),
            (None, Some(_)) => None,
            (None, None) => self.usual_key(),
        }
    }

    /// Where it is asked.
    pub fn address(&self) -> Option<String> {
        let service = self.service()?;
        Some(service.base_url.as_ref().map_or(self.usual_address()?.to_owned(), BaseUrl::to_string))
    }

    /// Laid over a weaker one: key by key for the same provider, else as a whole.
    #[must_use]
    pub fn over(mut self, weaker: &Self) -> Self {
        let same = self.provider() == weaker.provider();
        if let (true, Some(strong), Some(weak)) = (same, self.service_mut(), weaker.service()) {
            strong.fill(weak);
        }
        self
    }

    /// Whether its prices are known, from the configuration or the list. Of what is replayed that was decided before.
    pub fn is_priced(&self) -> bool {
        match self {
            Self::Replay(_) => true,
            Self::Anthropic(service) | Self::OpenAi(service) | Self::OpenAiChat(service) => {
                service.prices.is_some() || listed(self).is_some()
            }
        }
    }

    /// The key that it cannot do without and that nothing sets.
    pub fn lacks(&self) -> Option<&'static str> {
        self.service().filter(|service| service.model.trim().is_empty()).map(|_| "model")
    }

    fn usual_key(&self) -> Option<&'static str> {
        match self {
            Self::Anthropic(_) => Some("ANTHROPIC_API_KEY"),
            Self::OpenAi(_) | Self::OpenAiChat(_) => Some("OPENAI_API_KEY"),
            Self::Replay(_) => None,
        }
    }

    pub(super) fn usual_address(&self) -> Option<&'static str> {
        match self {
            Self::Anthropic(_) => Some("https://api.anthropic.com"),
            Self::OpenAi(_) | Self::OpenAiChat(_) => Some("https://api.openai.com/v1"),
            Self::Replay(_) => None,
        }
    }
}

impl Service {
    /// Takes from `weaker` what is not said here.
    fn fill(&mut self, weaker: &Self) {
        if self.model.is_empty() {
            self.model.clone_from(&weaker.model);
        }
        let own = std::mem::take(&mut self.headers);
        self.headers = weaker.headers.clone().into_iter().chain(own).collect();
        self.base_url = self.base_url.take().or_else(|| weaker.base_url.clone());
        self.api_key_env = self.api_key_env.take().or_else(|| weaker.api_key_env.clone());
        self.max_output_tokens = self.max_output_tokens.or(weaker.max_output_tokens);
        self.context_tokens = self.context_tokens.or(weaker.context_tokens);
        self.prices = self.prices.or(weaker.prices);
        self.stream = self.stream.or(weaker.stream);
        self.json_schema = self.json_schema.or(weaker.json_schema);
    }
}

impl Serialize for BaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // With and without it is the same address, and should compare so.
        let bare = text.trim().trim_end_matches('/');
        Self::new(if bare.ends_with(':') { &text } else { bare }).map_err(de::Error::custom)
    }
}

impl JsonSchema for BaseUrl {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "BaseUrl".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[hH][tT][tT][pP][sS]?://[^?#@]+$"})
    }
}

/// A number of tokens, 1 to 100 million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Tokens(u32);

impl Tokens {
    const MOST: u32 = 100_000_000;

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i128::deserialize(deserializer)?;
        let fits = u32::try_from(number).ok().filter(|number| (1..=Self::MOST).contains(number));
        let wrong = || de::Error::custom(format!("expected a whole number from 1 to {}, found `{number}`", Self::MOST));
        fits.map(Self).ok_or_else(wrong)
    }
}

impl JsonSchema for Tokens {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Tokens".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 1, "maximum": Self::MOST})
    }
}
