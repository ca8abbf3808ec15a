//! What a wire client is told: whom to ask, for how long, and how much to take.

use std::fmt;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::address::{BaseUrl, Reach};
use super::key::Access;
use crate::text;
use crate::time::Span;

/// Whom a client asks, and how.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Where.
    pub base_url: BaseUrl,
    /// As whom.
    pub access: Access,
    /// Sent with each request, for gateways.
    pub headers: Headers,
    /// The model, as the provider calls it.
    pub model: String,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How much to take.
    pub caps: Caps,
    /// Whether answers come as they are made.
    pub delivery: Delivery,
    /// Who holds an answer to its schema.
    pub schemas: Schemas,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Span,
    /// For the beginning of an answer, from the start; where it comes whole, there is only `total`.
    pub headers: Span,
    /// For the next piece of an answer. Some models think for minutes without a word.
    pub idle: Span,
    /// For all of it.
    pub total: Span,
}

/// How much is taken of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Bytes of all of it.
    pub body: u64,
    /// Bytes of a line of a stream, and of one event.
    pub line: usize,
}

/// How an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// As it is made: silence is noticed, and people see it grow.
    #[default]
    Streamed,
    /// At once, for servers that cannot stream.
    Whole,
}

/// How a schema is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Schemas {
    /// In the provider's own way, which holds the model to it.
    #[default]
    Enforced,
    /// As text, for servers that know no other.
    Asked,
}

/// Headers of the configuration. Their values may be secrets, so `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(HeaderMap);

/// Why an endpoint is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// A key would be readable on the way.
    #[error("`http://{host}` would carry the key of `{variable}` readable through a public network; it must be https")]
    KeyInTheClear {
        /// Where to.
        host: String,
        /// The key's variable.
        variable: String,
    },
    /// No model.
    #[error("the name of the model is empty")]
    NoModel,
    /// Not the name of a header.
    #[error("`{}` is not the name of a header", text::printable(.0, 60))]
    HeaderName(String),
    /// A value that no header can hold.
    #[error("the value of the header `{0}` holds characters that no header has")]
    HeaderValue(String),
    /// One that is ours to set.
    #[error("the header `{0}` is set by orchestra")]
    HeaderTaken(String),
}

impl Endpoint {
    /// `model` at `base_url`, with the usual limits.
    pub fn new(base_url: BaseUrl, access: Access, model: &str) -> Self {
        Self {
            base_url,
            access,
            headers: Headers::default(),
            model: model.to_owned(),
            timeouts: Timeouts::default(),
            caps: Caps::default(),
            delivery: Delivery::default(),
            schemas: Schemas::default(),
        }
    }

    /// Whether it may be used at all.
    pub(in crate::model) fn check(&self) -> Result<(), EndpointError> {
        if self.model.trim().is_empty() {
            return Err(EndpointError::NoModel);
        }
        if let Access::Key(key) = &self.access
            && self.base_url.is_plain()
            && self.base_url.reach() == Reach::Public
        {
            let (host, variable) = (self.base_url.host(), key.variable().to_owned());
            return Err(EndpointError::KeyInTheClear { host, variable });
        }
        Ok(())
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Span::from_secs(15),
            headers: Span::from_secs(5 * 60),
            idle: Span::from_secs(5 * 60),
            total: Span::from_secs(30 * 60),
        }
    }
}

impl Default for Caps {
    fn default() -> Self {
        Self { body: 32 << 20, line: 8 << 20 }
    }
}

impl Headers {
    /// Those that belong to a request as such, and are no setting.
    const TAKEN: [&'static str; 8] = [
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "te",
        "transfer-encoding",
    ];

    /// Checks names and values.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, EndpointError> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::try_from(name).map_err(|_| EndpointError::HeaderName(name.to_owned()))?;
            if Self::TAKEN.contains(&name.as_str()) {
                return Err(EndpointError::HeaderTaken(name.to_string()));
            }
            let mut value = HeaderValue::try_from(value).map_err(|_| EndpointError::HeaderValue(name.to_string()))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(Self(headers))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys().map(HeaderName::as_str)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http::key::Key;

    fn endpoint(base: &str, access: Access) -> Endpoint {
        Endpoint::new(BaseUrl::new(base).expect("an address"), access, "m")
    }

    #[test]
    fn a_key_goes_readable_to_own_networks_only() {
        let key = || Access::Key(Key::new("MY_KEY", "sk-secret-value").expect("a key"));
        for near in ["http://127.0.0.1:1/v1", "http://192.168.0.7/v1", "http://ollama:11434", "https://example.com"] {
            assert_eq!(endpoint(near, key()).check(), Ok(()), "{near}");
        }
        let refused = endpoint("http://example.com/v1", key()).check().expect_err("refused");
        assert_eq!(
            refused.to_string(),
            "`http://example.com` would carry the key of `MY_KEY` readable through a public network; it must be https"
        );
        assert_eq!(endpoint("http://example.com/v1", Access::Open).check(), Ok(()));
    }

    #[test]
    fn headers_are_checked_and_their_values_stay_hidden() {
        let headers = Headers::new([("X-Team", "blue-secret")]).expect("headers");
        assert_eq!(format!("{headers:?}"), r#"{"x-team"}"#);
        assert_eq!(Headers::new([("a b", "x")]), Err(EndpointError::HeaderName("a b".to_owned())));
        assert_eq!(Headers::new([("a", "x\ny")]), Err(EndpointError::HeaderValue("a".to_owned())));
        assert_eq!(Headers::new([("Host", "x")]), Err(EndpointError::HeaderTaken("host".to_owned())));
    }
}
