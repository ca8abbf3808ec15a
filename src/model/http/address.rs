//! Where a provider is: an address that is safe to send a key to, or refused by name.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use crate::text;

/// The address under which a provider's paths are: `http` or `https`, a host, maybe a port and a path, and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// The longest address, in bytes.
const LONGEST: usize = 2048;

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No address at all.
    #[error("`{}` is not an address like https://api.example.com/v1", text::printable(.0, 80))]
    NotAnAddress(String),
    /// Another protocol.
    #[error("`{}:` is neither https nor http", text::printable(.0, 20))]
    Scheme(String),
    /// A name or password before the host: it would end up in errors and records.
    #[error("an address holds no name or password; a key is named by its environment variable")]
    Userinfo,
    /// Something behind the path.
    #[error("an address of a model ends with its path, without `?` or `#`")]
    Tail,
}

/// How near a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// This machine.
    Loopback,
    /// A network that is somebody's own.
    Private,
    /// Anywhere.
    Public,
}

impl BaseUrl {
    /// Checks `text`.
    pub fn new(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let not_one = || AddressError::NotAnAddress(without_userinfo(text));
        // What is read as an address without them would be another one than was written.
        if text.len() > LONGEST || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(not_one());
        }
        let url = Url::parse(text).map_err(|_| not_one())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressError::Scheme(url.scheme().to_owned()));
        }
        let authority = text.split_once("//").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
        if authority.contains('@') || !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Userinfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Tail);
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(AddressError::NotAnAddress(text.to_owned()));
        }
        Ok(Self(url))
    }

    /// Host and port, as people know them.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The name of the host alone.
    pub(in crate::model) fn host_name(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Whether nothing is encrypted on the way.
    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// `path` under this address. An address that ends with the version that `path` begins with has said it already.
    pub(super) fn join(&self, path: &str) -> Url {
        let base = self.0.path().trim_end_matches('/');
        let base = match path.split_once('/') {
            Some((version, _)) => base.strip_suffix(version).and_then(|rest| rest.strip_suffix('/')).unwrap_or(base),
            None => base,
        };
        let mut url = self.0.clone();
        url.set_path(&format!("{base}/{path}"));
        url
    }

    pub(super) fn reach(&self) -> Reach {
        let host = self.0.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(ip) => reach_of(ip),
            Err(_) => reach_of_name(bare),
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}

/// An address that could not be read may hold a password all the same.
fn without_userinfo(text: &str) -> String {
    text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, host)| format!("…@{host}"))
}

fn reach_of(ip: IpAddr) -> Reach {
    let ip = ip.to_canonical();
    let private = match ip {
        IpAddr::V4(v4) => {
            // 100.64.0.0/10 is shared by carriers and by private networks over the internet: RFC 6598.
            let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            v4.is_private() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    if ip.is_loopback() {
        Reach::Loopback
    } else if private {
        Reach::Private
    } else {
        Reach::Public
    }
}

/// Names that no public server has: a single label (a container, a machine of the own network), and the endings that are
/// set aside for own networks (RFC 6762, RFC 8375, and `internal` by ICANN).
fn reach_of_name(name: &str) -> Reach {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        return Reach::Loopback;
    }
    let own = [".local", ".internal", ".home.arpa", ".lan"].iter().any(|ending| name.ends_with(ending));
    if own || !name.contains('.') { Reach::Private } else { Reach::Public }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> BaseUrl {
        BaseUrl::new(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn only_http_and_https_without_name_query_or_fragment_are_addresses() {
        for (text, refused) in [
            ("api.example.com", AddressError::NotAnAddress("api.example.com".to_owned())),
            ("", AddressError::NotAnAddress(String::new())),
            ("https://", AddressError::NotAnAddress("https://".to_owned())),
            ("file:///etc/passwd", AddressError::Scheme("file".to_owned())),
            ("ftp://example.com", AddressError::Scheme("ftp".to_owned())),
            ("https://me:secret@example.com", AddressError::Userinfo),
            ("https://secret@example.com", AddressError::Userinfo),
            ("https://@example.com", AddressError::Userinfo),
            ("https://a.example/\r\nX: y", AddressError::NotAnAddress("https://a.example/\r\nX: y".to_owned())),
            ("https://example.com/v1?key=secret", AddressError::Tail),
            ("https://example.com/v1#x", AddressError::Tail),
        ] {
            let error = BaseUrl::new(text).expect_err(text);
            assert_eq!(error, refused);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        let error = BaseUrl::new("https://me:secret@[nohost").expect_err("no address");
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn a_path_goes_under_the_address_and_a_version_is_not_said_twice() {
        for (base, path, whole) in [
            ("https://api.anthropic.com", "v1/messages", "https://api.anthropic.com/v1/messages"),
            ("https://gateway.example/a/v1/", "v1/messages", "https://gateway.example/a/v1/messages"),
            ("http://127.0.0.1:8/v1", "chat/completions", "http://127.0.0.1:8/v1/chat/completions"),
            ("https://api.openai.com/v1/", "responses", "https://api.openai.com/v1/responses"),
        ] {
            assert_eq!(url(base).join(path).as_str(), whole);
        }
        assert_eq!(url("https://api.openai.com/v1/").to_string(), "https://api.openai.com/v1");
        assert_eq!(url("http://[::1]:90/v1").host(), "[::1]:90");
    }

    #[test]
    fn this_machine_own_networks_and_the_rest_are_told_apart() {
        for (reach, hosts) in [
            (Reach::Loopback, ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "a.localhost", "[::ffff:127.0.0.1]"]),
            (Reach::Private, ["10.1.2.3", "192.168.1.9", "100.64.0.1", "[fd00::1]", "ollama", "gpu.local"]),
            (
                Reach::Public,
                ["api.example.com", "1.1.1.1", "[2606:4700::1]", "100.128.0.1", "local.example", "172.32.0.1"],
            ),
        ] {
            for host in hosts {
                assert_eq!(url(&format!("http://{host}:8080/v1")).reach(), reach, "{host}");
            }
        }
    }
}
