//! What is recorded answers again, and what is not is missed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{RecordingError, Tape, replayed};
use crate::event::{FailureClass, Usage};
use crate::ids::{Digest, ModelName};
use crate::model::{
    Again, Block, Delta, Keep, Known, Model, ModelFailure, Part, Prices, Reply, Request, Said, Stop, ToolCall, Turn,
};
use crate::money::Usd;
use crate::sys::fs;
use crate::text::Redactor;
use crate::time::Span;

const KEY: &str = "sk-very-secret-0123456789";

/// Answers with a number that grows; says the key, as providers do in their errors, where it is asked to fail.
#[derive(Default)]
struct Counting(AtomicU64);

impl Model for Counting {
    fn send(
        &self,
        request: Request,
        _: CancellationToken,
        _: mpsc::Sender<Delta>,
    ) -> BoxFuture<'static, Result<Reply, ModelFailure>> {
        let n = self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            let asked = format!("{:?}", request.turns);
            if asked.contains("fail") {
                let detail = format!("key {KEY} is over its limit");
                return Err(ModelFailure::new(FailureClass::RateLimited, &detail, Again::After(Span::from_secs(3))));
            }
            if asked.contains("end") {
                return Err(ModelFailure::cancelled());
            }
            let call =
                ToolCall { id: format!("c{n}"), name: "read".to_owned(), arguments: "{\"path\":\"a\"}".to_owned() };
            let kept = serde_json::json!({"z": 1, "a": {"signature": "x"}});
            let usage = Usage { input_tokens: Some(1_000_000), output_tokens: Some(10), ..Usage::default() };
            let said = vec![Said::Kept(kept), Said::Text(format!("answer {n} {KEY}")), Said::Call(call)];
            Ok(Reply { said, stop: Stop::Tools, usage, model: "m-1".to_owned(), request_id: Some("r".to_owned()) })
        })
    }
}

fn name(text: &str) -> ModelName {
    ModelName::new(text).unwrap()
}

fn counting() -> Known {
    Known {
        name: name("main"),
        model: Arc::new(Counting::default()),
        prices: Some(Prices {
            input: Usd::from_micros(3_000_000),
            output: Usd::from_micros(15_000_000),
            cache_write: None,
            cache_read: None,
        }),
        context_tokens: 1000,
        max_output_tokens: 100,
        digest: Digest::of(b"counting"),
    }
}

fn asking(text: &str) -> Request {
    let block = Block { text: text.to_owned(), keep: Keep::Once };
    Request { turns: vec![Turn::User(vec![Part::Text(block)])], max_output_tokens: 9, ..Request::default() }
}

async fn ask(known: &Known, text: &str) -> Result<Reply, ModelFailure> {
    let (deltas, _kept) = mpsc::channel(8);
    known.model.send(asking(text), CancellationToken::new(), deltas).await
}

fn tape(dir: &Path) -> Known {
    let redactor = Redactor::new([("MY_KEY".to_owned(), KEY.to_owned())]);
    Tape::open(dir.to_path_buf(), redactor).unwrap().around(counting()).unwrap()
}

fn recordings(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = fs::list(dir).unwrap().into_iter().map(|entry| dir.join(entry.name)).collect();
    paths.retain(|path| !path.display().to_string().contains("model-"));
    paths.sort();
    paths
}

#[tokio::test]
async fn what_was_recorded_is_answered_again_in_its_order_at_its_price_and_without_a_key_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("tapes");
    let known = tape(&dir);
    let first = ask(&known, "one").await.unwrap();
    let second = ask(&known, "one").await.unwrap();
    assert_ne!(first.said, second.said);
    assert_eq!(first.usage.usd, None, "the price is put to it by who asks");
    ask(&known, "fail").await.unwrap_err();
    ask(&known, "end").await.unwrap_err();
    // Another process goes on in the same folder.
    ask(&tape(&dir), "one").await.unwrap();
    assert_eq!(recordings(&dir).len(), 4, "what was cancelled is not kept");
    for path in recordings(&dir) {
        let text = fs::read_text(&path, 1 << 20).unwrap();
        assert!(!text.contains(KEY) && text.contains("[MY_KEY]"), "{text}");
    }

    let again = replayed(&name("main"), &dir).unwrap();
    assert_eq!((again.prices, again.context_tokens, again.max_output_tokens), (known.prices, 1000, 100));
    assert_eq!(again.digest, known.digest);
    let replay = ask(&again, "one").await.unwrap();
    assert_eq!((replay.said[0].clone(), replay.said[2].clone()), (first.said[0].clone(), first.said[2].clone()));
    assert_eq!(replay.text(), "answer 0 [MY_KEY]");
    assert_eq!(replay.usage.usd, Some(Usd::from_micros(3_000_150)));
    assert_eq!((replay.usage.input_tokens, replay.stop, replay.model.as_str()), (Some(1_000_000), Stop::Tools, "m-1"));
    assert_eq!(ask(&again, "one").await.unwrap().text(), "answer 1 [MY_KEY]");
    let failed = ask(&again, "fail").await.unwrap_err();
    assert_eq!((failed.failure.class, failed.again), (FailureClass::RateLimited, Again::After(Span::ZERO)));
}

#[tokio::test]
async fn what_was_not_recorded_fails_loudly_and_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    ask(&tape(folder.path()), "one").await.unwrap();
    let again = replayed(&name("main"), folder.path()).unwrap();
    let missed = ask(&again, "another question\u{1b}[31m altogether").await.unwrap_err();
    assert_eq!((missed.failure.class, missed.again), (FailureClass::Unusable, Again::Never));
    assert_eq!(missed.usage, Usage::NOTHING);
    let detail = &missed.failure.detail;
    assert!(detail.contains("another question") && !detail.contains('\u{1b}'), "{detail}");
    assert!(detail.contains(&folder.path().display().to_string()) && detail.contains("-1.json"), "{detail}");
    ask(&again, "one").await.unwrap();
    let missed = ask(&again, "one").await.unwrap_err();
    assert!(missed.failure.detail.contains("for the 2. time"), "{missed}");
}

#[tokio::test]
async fn a_recording_that_is_damaged_or_of_another_version_or_renamed_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    ask(&tape(dir), "one").await.unwrap();
    let path = recordings(dir).remove(0);
    let text = fs::read_text(&path, 1 << 20).unwrap();
    for (broken, why) in [
        (text[..text.len() / 2].to_owned(), "this is no recording"),
        (String::new(), "this is no recording"),
        (text.replacen("\"v\": 1", "\"v\": 2", 1), "version 2"),
        (text.replacen("\"digest\": \"", "\"digest\": \"0", 1).replacen("0\",", "\",", 1), "no recording"),
        (text.replace("\"reply\"", "\"replie\""), "this is no recording"),
    ] {
        fs::write(&path, broken.as_bytes()).unwrap();
        let failed = ask(&replayed(&name("main"), dir).unwrap(), "one").await.unwrap_err();
        assert_eq!(failed.failure.class, FailureClass::Unusable);
        let file = path.file_name().unwrap().to_str().unwrap();
        assert!(failed.failure.detail.contains(file) && failed.failure.detail.contains(why), "{failed}");
    }
    let other = recordings(dir)[0].with_file_name(format!("{}-1.json", "0".repeat(64)));
    fs::write(&path, text.as_bytes()).unwrap();
    fs::rename(&path, &other).unwrap();
    assert_eq!(recordings(dir), [other]);
}

#[test]
fn who_replays_is_who_was_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    assert!(matches!(replayed(&name("main"), &dir.join("none")), Err(RecordingError::Empty(_))));
    tape(dir);
    assert!(replayed(&name("again"), dir).is_ok(), "there is no other it could be");
    fs::copy(&dir.join("model-main.json"), &dir.join("model-cheap.json")).unwrap();
    let Err(whose) = replayed(&name("again"), dir) else { panic!() };
    assert!(whose.to_string().contains("recordings of cheap, main"), "{whose}");
    fs::write(&dir.join("model-main.json"), b"{\"v\": 9}").unwrap();
    let Err(newer) = replayed(&name("main"), dir) else { panic!() };
    assert!(newer.to_string().contains("version 9") && newer.to_string().contains("model-main.json"), "{newer}");
}
