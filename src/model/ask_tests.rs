//! Asking a model that answers by script: what is set aside, sent, settled and waited for, in which order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::sample::question;
use super::{
    Again, AskFailure, Delta, Grant, Known, Meter, Model, ModelFailure, Patience, Prices, Reply, Request, Share, Stop,
    Withheld, ask,
};
use crate::event::{FailureClass, Limit, Purpose, Shortage, Usage};
use crate::ids::{Digest, ModelName};
use crate::money::Usd;
use crate::sys::clock;
use crate::time::Span;

type Answers = VecDeque<Result<Reply, ModelFailure>>;
type Log = Arc<Mutex<Vec<String>>>;

struct Scripted {
    answers: Mutex<Answers>,
    log: Log,
}

impl Model for Scripted {
    fn send(
        &self,
        _: Request,
        _: CancellationToken,
        _: mpsc::Sender<Delta>,
    ) -> BoxFuture<'static, Result<Reply, ModelFailure>> {
        self.log.lock().unwrap().push("send".to_owned());
        let answer = self.answers.lock().unwrap().pop_front().expect("no more requests than answers");
        Box::pin(async { answer })
    }
}

/// A model, what was done with it, and how it is asked.
struct World {
    known: Known,
    log: Log,
    patience: Patience,
    cancel: CancellationToken,
}

impl World {
    fn new(answers: impl IntoIterator<Item = Result<Reply, ModelFailure>>) -> Self {
        let log = Log::default();
        let model = Scripted { answers: Mutex::new(answers.into_iter().collect()), log: Arc::clone(&log) };
        let prices = Prices {
            input: Usd::from_micros(1_000_000),
            output: Usd::from_micros(2_000_000),
            cache_write: None,
            cache_read: None,
        };
        let known = Known {
            name: ModelName::new("main").unwrap(),
            model: Arc::new(model),
            prices: Some(prices),
            context_tokens: 1000,
            max_output_tokens: 9,
            digest: Digest::of(b"main"),
        };
        let patience = Patience { tries: 3, first: Span::ZERO, max: Span::ZERO, asked: Span::from_secs(60) };
        Self { known, log, patience, cancel: CancellationToken::new() }
    }

    async fn ask(&self, meter: &mut Meter) -> Result<Reply, AskFailure> {
        let (deltas, _live) = mpsc::channel(8);
        ask(&self.known, &question(), meter, &self.patience, &self.cancel, &deltas).await
    }

    fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    fn sent(&self) -> usize {
        self.log().iter().filter(|line| *line == "send").count()
    }
}

fn used(input: u64, output: u64) -> Usage {
    Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() }
}

fn answer() -> Reply {
    Reply { said: vec![], stop: Stop::End, usage: used(3, 4), model: String::new(), request_id: None }
}

fn busy(again: Again) -> ModelFailure {
    let usage = Usage { partial: true, ..used(1, 0) };
    ModelFailure { usage, ..ModelFailure::new(FailureClass::RateLimited, "busy", again) }
}

fn share() -> Meter {
    Meter::Share(Share::default())
}

/// A ledger that writes down what it is asked and grants `grants` times.
fn ledger(log: Log, grants: usize) -> Meter {
    let (ledger, mut asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut number = 0;
        while let Some(grant) = asked.recv().await {
            match grant {
                Grant::Reserve { amount, answer, .. } => {
                    log.lock().unwrap().push(format!("reserve {}", amount.tokens));
                    number += 1;
                    let spent = Withheld::Spent(Shortage { limit: Limit::Tokens, used: 1, of: 2, needed: 3 });
                    let granted = if number as usize <= grants { Ok(number) } else { Err(spent) };
                    let _answered = answer.send(granted);
                }
                Grant::Settle { id, used } => {
                    let tokens = used.tokens();
                    log.lock().unwrap().push(format!("settle {id}: {tokens:?} {:?} {}", used.usd, used.partial));
                }
            }
        }
    });
    Meter::Ledger { ledger, purpose: Purpose::Summary }
}

#[tokio::test]
async fn each_try_is_set_aside_before_it_is_sent_and_settled_after_it_with_its_price() {
    let world = World::new([Err(busy(Again::Backoff)), Ok(answer())]);
    let mut meter = ledger(Arc::clone(&world.log), 9);
    let reply = world.ask(&mut meter).await.unwrap();
    assert_eq!(reply.usage.usd, Some(Usd::from_micros(3 + 8)));
    // Its last word is on its way.
    drop(meter);
    while world.log().len() < 6 {
        tokio::task::yield_now().await;
    }
    let most = world.known.most(&question()).tokens;
    let expected = [
        format!("reserve {most}"),
        "send".to_owned(),
        "settle 1: Some(1) Some(Usd(1)) true".to_owned(),
        format!("reserve {most}"),
        "send".to_owned(),
        "settle 2: Some(7) Some(Usd(11)) false".to_owned(),
    ];
    assert_eq!(world.log(), expected);
}

#[tokio::test]
async fn what_the_budget_does_not_allow_is_not_sent() {
    for granted in [0, 1] {
        let world = World::new([Err(busy(Again::Backoff)), Ok(answer())]);
        let mut meter = ledger(Arc::clone(&world.log), granted);
        assert!(matches!(world.ask(&mut meter).await, Err(AskFailure::Withheld(Withheld::Spent(_)))));
        assert_eq!(world.sent(), granted);
    }
    let world = World::new([]);
    let (gone, _) = mpsc::unbounded_channel();
    let mut meter = Meter::Ledger { ledger: gone, purpose: Purpose::Summary };
    assert_eq!(world.ask(&mut meter).await, Err(AskFailure::Withheld(Withheld::Ending)));
}

#[tokio::test]
async fn it_waits_as_long_as_it_is_told() {
    let world = World::new([Err(busy(Again::After(Span::from_millis(250)))), Ok(answer())]);
    let start = clock::monotonic();
    world.ask(&mut share()).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(250));
}

#[tokio::test]
async fn it_gives_up_after_so_many_tries_and_at_once_where_trying_is_no_use() {
    let world =
        World::new([Err(busy(Again::Backoff)), Err(busy(Again::Backoff)), Err(busy(Again::Backoff)), Ok(answer())]);
    assert_eq!(world.ask(&mut share()).await, Err(busy(Again::Backoff).into()));
    assert_eq!(world.sent(), 3);
    let world = World::new([Err(busy(Again::Never)), Ok(answer())]);
    assert_eq!(world.ask(&mut share()).await, Err(busy(Again::Never).into()));
    assert_eq!(world.sent(), 1);
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_not_begun_and_its_end_is_told() {
    let world = World::new([Err(busy(Again::After(Span::from_secs(61)))), Ok(answer())]);
    let before = clock::now();
    let Err(AskFailure::Model(failure)) = world.ask(&mut share()).await else { panic!("it waited") };
    assert_eq!((failure.failure.class, failure.again, world.sent()), (FailureClass::Quota, Again::Never, 1));
    let wait = failure.failure.retry_at.unwrap().since(before);
    assert!(wait >= Span::from_secs(61) && wait < Span::from_secs(600), "{wait}");
}

#[tokio::test]
async fn a_cancellation_ends_a_wait_and_nothing_more_is_sent() {
    let world = World::new([Err(busy(Again::After(Span::from_secs(59)))), Ok(answer())]);
    let (deltas, mut live) = mpsc::channel(8);
    let (question, mut meter) = (question(), share());
    let asked = ask(&world.known, &question, &mut meter, &world.patience, &world.cancel, &deltas);
    let cancelled = async {
        // It says that it waits, so it waits.
        let said = live.recv().await;
        world.cancel.cancel();
        said
    };
    let start = clock::monotonic();
    let (answer, said) = tokio::join!(asked, cancelled);
    assert_eq!(said, Some(Delta::Aside("rate-limited: busy; asked again in 59s".to_owned())));
    assert_eq!(answer, Err(AskFailure::Model(ModelFailure::cancelled())));
    assert!(start.elapsed() < Duration::from_secs(50));
    assert_eq!(world.sent(), 1);
}
