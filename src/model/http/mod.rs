//! What all wire clients share: addresses, keys, limits, one request over HTTP, and what each way to fail means.

mod address;
mod answer;
mod client;
mod endpoint;
mod exchange;
mod key;
mod refused;
mod transport;
mod wait;

pub use address::{AddressError, BaseUrl};
pub use endpoint::{Caps, Delivery, Endpoint, EndpointError, Headers, Schemas, Timeouts};
pub use key::{Access, Key, KeyError};

pub(super) use client::{KeyHeader, Wire};
pub(super) use exchange::{Client, Dialect, Gather, Next};
pub(super) use refused::Told;
pub(super) use transport::{cut, unreadable};
