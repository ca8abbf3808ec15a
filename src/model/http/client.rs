//! The HTTP client of one endpoint: made with its first request, and sure not to carry a key anywhere else.

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder, redirect, retry};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::address::Reach;
use super::answer::Answer;
use super::endpoint::{Delivery, Endpoint, EndpointError};
use super::key::Access;
use super::{refused, transport};
use crate::event::{Failure, FailureClass, Usage};
use crate::model::failure::Answered;
use crate::model::{Again, ModelFailure};
use crate::sys::clock;

/// Where the key stands, and what it begins with there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model) enum KeyHeader {
    /// `authorization: Bearer KEY`.
    Bearer,
    /// A header of its own.
    Own(&'static str),
}

/// Sends requests to one endpoint.
#[derive(Debug)]
pub(in crate::model) struct Wire {
    endpoint: Endpoint,
    client: OnceCell<Client>,
}

impl Wire {
    pub(in crate::model) fn new(endpoint: Endpoint) -> Result<Self, EndpointError> {
        endpoint.check()?;
        Ok(Self { endpoint, client: OnceCell::new() })
    }

    pub(in crate::model) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Posts `body` to `path`, once. An answer is returned when it has begun with a status of success; the total time runs
    /// from here.
    pub(super) async fn post(
        &self,
        path: &str,
        key: KeyHeader,
        headers: &[(&'static str, &'static str)],
        body: String,
    ) -> Result<Answer, ModelFailure> {
        let Endpoint { base_url, timeouts, caps, delivery, .. } = &self.endpoint;
        let host = base_url.host();
        let start = clock::monotonic();
        let headers = self.headers(key, headers)?;
        let client = self.client.get_or_try_init(|| make(&self.endpoint)).await?;
        let request = client.post(base_url.join(path)).headers(headers).body(body).send();
        let first = match delivery {
            Delivery::Streamed => timeouts.headers.min(timeouts.total),
            // It begins when the model is done.
            Delivery::Whole => timeouts.total,
        };
        let response = match timeout(first.as_duration(), request).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(transport::failed(&error, &host)),
            Err(_) if first == timeouts.total => return Err(transport::timed_out(&host, first)),
            Err(_) => return Err(transport::late(&host, first)),
        };
        let mut answer = Answer::new(response, host, start, *timeouts, *caps);
        if answer.status().is_success() {
            return Ok(answer);
        }
        let body = answer.beginning().await;
        let failure = refused::refused(answer.status(), answer.headers(), &body);
        Err(answer.signed(self.explained(failure)))
    }

    /// Whether `path` answers with success, within the time for the beginning of an answer. What it answers is not read.
    pub(in crate::model) async fn look(
        &self,
        path: &str,
        key: KeyHeader,
        headers: &[(&'static str, &'static str)],
    ) -> Result<(), ModelFailure> {
        let Endpoint { base_url, timeouts, caps, .. } = &self.endpoint;
        let host = base_url.host();
        let start = clock::monotonic();
        let headers = self.headers(key, headers)?;
        let client = self.client.get_or_try_init(|| make(&self.endpoint)).await?;
        let request = client.get(base_url.join(path)).headers(headers).send();
        let response = match timeout(timeouts.headers.as_duration(), request).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(transport::failed(&error, &host)),
            Err(_) => return Err(transport::late(&host, timeouts.headers)),
        };
        let mut answer = Answer::new(response, host, start, *timeouts, *caps);
        if answer.status().is_success() {
            return Ok(());
        }
        let body = answer.beginning().await;
        let failure = refused::refused(answer.status(), answer.headers(), &body);
        Err(answer.signed(self.explained(failure)))
    }

    /// A failure without the key in it, and with the variable where the key is refused.
    pub(super) fn explained(&self, mut failure: ModelFailure) -> ModelFailure {
        if let Access::Key(key) = &self.endpoint.access {
            let mut detail = key.hide(&failure.failure.detail);
            if failure.failure.class == FailureClass::Auth {
                detail = format!("{detail} (the key is that of `{}`)", key.variable());
            }
            failure.failure = Failure::new(failure.failure.class, &detail);
        }
        failure
    }

    /// What goes with each request. Those of the configuration win, so that a gateway can be told what it wants.
    fn headers(&self, key: KeyHeader, own: &[(&'static str, &'static str)]) -> Answered<HeaderMap> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            ACCEPT,
            HeaderValue::from_static(match self.endpoint.delivery {
                Delivery::Streamed => "text/event-stream, application/json",
                Delivery::Whole => "application/json",
            }),
        );
        for (name, value) in own {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        match &self.endpoint.access {
            Access::Open => {}
            Access::Key(found) => {
                let (name, prefix) = match key {
                    KeyHeader::Bearer => ("authorization", "Bearer "),
                    KeyHeader::Own(name) => (name, ""),
                };
                headers.extend(found.header(prefix).map(|value| (HeaderName::from_static(name), value)));
            }
            Access::Missing { variable } => {
                let detail = format!("there is no key: the environment variable `{variable}` is not set");
                let failure = ModelFailure::new(FailureClass::Auth, &detail, Again::Never);
                return Err(Box::new(ModelFailure { usage: Usage::NOTHING, ..failure }));
            }
        }
        for (name, value) in self.endpoint.headers.iter() {
            headers.insert(name.clone(), value.clone());
        }
        Ok(headers)
    }
}

/// Made off the loop: reading a system's certificates takes tens of milliseconds.
async fn make(endpoint: &Endpoint) -> Result<Client, ModelFailure> {
    let (plain, reach, connect) =
        (endpoint.base_url.is_plain(), endpoint.base_url.reach(), endpoint.timeouts.connect.as_duration());
    let base = move || {
        let builder = Client::builder()
            .user_agent(concat!("orchestra/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(connect)
            // It would carry the key and the prompt to another origin.
            .redirect(redirect::Policy::none())
            .referer(false)
            // `ask` is the one place that repeats.
            .retry(retry::never());
        if reach == Reach::Loopback { builder.no_proxy() } else { builder }
    };
    let made = tokio::task::spawn_blocking(move || {
        // reqwest takes its cryptography from here, and panics without; a second time it stays as it was.
        drop(rustls::crypto::ring::default_provider().install_default());
        if plain { base().tls_certs_only([]).build() } else { secure(base) }
    });
    match made.await {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(error)) => Err(transport::failed(&error, &endpoint.base_url.host())),
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The program is ending.
            Err(_) => Err(ModelFailure::cancelled()),
        },
    }
}

/// With the authorities that the system trusts; where it has none, as in many containers, with Mozilla's.
fn secure(base: impl Fn() -> ClientBuilder) -> reqwest::Result<Client> {
    base().build().or_else(|_| {
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
        base().tls_certs_merge(roots.filter_map(|root| Certificate::from_der(root).ok())).build()
    })
}
