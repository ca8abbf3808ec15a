//! Statuses, redirects and keys: what is refused is refused once, in the provider's words, and no key is in them.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;

use orchestra::event::FailureClass::{Auth, Quota, Transient, Unusable};
use orchestra::model::{Access, Again, AskFailure, Endpoint, EndpointError, openai_responses};
use rustls::pki_types::PrivateKeyDer;

use crate::fake::{Fake, stream, whole};
use crate::rig::{Api, KEY, asked, clean, endpoint, failure, is, send};

fn error(kind: &str, message: &str) -> String {
    format!(r#"{{"type":"error","error":{{"type":"{kind}","code":"{kind}","message":"{message}"}}}}"#)
}

#[tokio::test]
async fn what_asking_again_cannot_mend_is_asked_once() {
    for api in Api::ALL {
        for (status, kind, class) in [
            ("400 Bad Request", "invalid_request_error", Unusable),
            ("401 Unauthorized", "authentication_error", Auth),
            ("403 Forbidden", "permission_error", Auth),
            ("404 Not Found", "not_found_error", Unusable),
            ("413 Payload Too Large", "request_too_large", Unusable),
            ("422 Unprocessable Entity", "invalid_request_error", Unusable),
            ("402 Payment Required", "billing_error", Quota),
            ("429 Too Many Requests", "insufficient_quota", Quota),
        ] {
            // A wait that is asked for changes nothing.
            let headers = [("content-type", "application/json"), ("request-id", "req_9"), ("retry-after", "1")];
            let fake = Fake::always(whole(status, &headers, error(kind, "the provider says why").as_bytes()));
            let (answer, _) = asked(api, &fake).await;
            let Err(AskFailure::Model(failure)) = answer else { panic!("{status}: {answer:?}") };
            assert_eq!(fake.asked().len(), 1, "{api:?} {status}");
            is(&failure, class, Again::Never, "the provider says why");
            assert_eq!(failure.request_id.as_deref(), Some("req_9"));
            assert_eq!(failure.status, status.split(' ').next().unwrap().parse().ok());
            assert_eq!(failure.usage.tokens(), Some(0), "nothing was begun, so nothing was used");
        }
    }
}

#[tokio::test]
async fn a_limit_of_money_is_asked_once_and_a_provider_that_says_so_too() {
    let spend = error("rate_limit_error", "You have reached your monthly spend limit");
    let busy = error("rate_limit_error", "slow down");
    for api in Api::ALL {
        for (headers, body, class) in [
            (vec![("retry-after", "1")], &spend, "quota"),
            (vec![("x-should-retry", "false"), ("retry-after", "1")], &busy, "rate-limited"),
        ] {
            let fake = Fake::always(whole("429 Too Many Requests", &headers, body.as_bytes()));
            let (answer, _) = asked(api, &fake).await;
            assert!(answer.unwrap_err().to_string().starts_with(class));
            assert_eq!(fake.asked().len(), 1, "{api:?} {class}");
        }
    }
}

#[tokio::test]
async fn what_may_pass_is_asked_again_as_often_as_is_allowed() {
    for api in Api::ALL {
        for status in
            ["408 Request Timeout", "409 Conflict", "500 Oops", "502 Bad Gateway", "503 Busy", "529 Overloaded"]
        {
            let fake = Fake::always(whole(status, &[], error("overloaded_error", "busy").as_bytes()));
            let (answer, asides) = asked(api, &fake).await;
            assert!(answer.unwrap_err().to_string().starts_with("transient: HTTP"));
            assert_eq!((fake.asked().len(), asides.len()), (3, 2), "{api:?} {status}");
        }
        // And a status that usually does not, where the provider says that it does.
        let passes = whole("400 Bad Request", &[("x-should-retry", "true")], b"{}");
        let fake = Fake::start(vec![passes, stream(api.stream().as_bytes())]);
        asked(api, &fake).await.0.unwrap();
        assert_eq!(fake.asked().len(), 2);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_its_host_is_named() {
    for api in Api::ALL {
        let other = Fake::always(stream(api.stream().as_bytes()));
        for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
            let to = format!("{}/messages?token=hidden", other.base());
            let failure = failure(api, whole(status, &[("location", &to)], b"")).await;
            is(&failure, Unusable, Again::Never, "it redirects to `127.0.0.1`, and a redirect is not followed");
            assert!(!failure.failure.detail.contains("hidden"));
        }
        assert_eq!(other.asked().len(), 0, "neither key nor prompt went there");
    }
}

#[tokio::test]
async fn a_refused_key_is_named_by_its_variable_and_never_shown() {
    for api in Api::ALL {
        let body = error("invalid_api_key", &format!("Incorrect API key provided: {KEY}."));
        let failure = failure(api, whole("401 Unauthorized", &[], body.as_bytes())).await;
        is(&failure, Auth, Again::Never, "Incorrect API key provided: [TEST_KEY]. (the key is that of `TEST_KEY`)");
    }
    // Nor where a provider repeats it in the middle of an answer.
    let body = format!("data: {{\"error\":{{\"message\":\"bad key {KEY}\",\"code\":401}}}}\n\n");
    is(&failure(Api::Chat, stream(body.as_bytes())).await, Auth, Again::Never, "bad key [TEST_KEY]");
}

#[tokio::test]
async fn without_its_key_nothing_is_sent_and_the_variable_is_named() {
    for api in Api::ALL {
        let fake = Fake::always(stream(api.stream().as_bytes()));
        let missing = Access::Missing { variable: "MY_MODEL_KEY".to_owned() };
        let failure = send(&api.model(Endpoint { access: missing, ..endpoint(&fake.base()) })).await.unwrap_err();
        is(&failure, Auth, Again::Never, "the environment variable `MY_MODEL_KEY` is not set");
        assert_eq!(fake.asked().len(), 0);
    }
}

#[test]
fn a_key_is_not_sent_readable_through_a_public_network() {
    let refused = openai_responses(endpoint("http://api.example.com/v1")).err().unwrap();
    assert!(matches!(refused, EndpointError::KeyInTheClear { .. }), "{refused}");
    openai_responses(endpoint("https://api.example.com/v1")).unwrap();
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_told_as_a_connection_that_failed() {
    let fake = Fake::always(stream(b""));
    let base = fake.base().replace("http:", "https:");
    let failure = send(&Api::Responses.model(endpoint(&base))).await.unwrap_err();
    clean(&failure);
    is(&failure, Transient, Again::Backoff, "no connection to 127.0.0.1:");
}

/// A server with a certificate of its own making, as a proxy in between would show.
#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_ends_it_before_the_key_is_sent() {
    let certificate = include_bytes!("../fixtures/models/self-signed.cert.der").to_vec();
    let key = include_bytes!("../fixtures/models/self-signed.key.der").to_vec();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], PrivateKeyDer::Pkcs8(key.into()))
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://{}/v1", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut session = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        // What it reads, when the client has left.
        let mut asked = Vec::new();
        let read = rustls::Stream::new(&mut session, &mut stream).read_to_end(&mut asked);
        (read.is_err(), asked)
    });
    let failure = send(&Api::Anthropic.model(endpoint(&base))).await.unwrap_err();
    clean(&failure);
    is(&failure, Unusable, Again::Never, "shows a certificate that is not trusted");
    assert_eq!(server.join().unwrap(), (true, vec![]));
}
