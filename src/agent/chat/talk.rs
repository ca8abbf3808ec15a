//! The loop: ask, call what the model wants called, tell it what came of it, until it is done or may not go on.

use super::asking::{Cost, ask};
use super::conversation::Conversation;
use super::habits::{Advice, Habits, Sense};
use super::tools::{Bash, Broken, Clock, Given, Kit, Tool};
use super::transcript::{Step, Transcript, answered, clipped};
use crate::agent::job::{Link, Note};
use crate::agent::parse::{Have, parse};
use crate::agent::spec::Parser;
use crate::event::{Failure, FailureClass, Usage};
use crate::ids::Digest;
use crate::message::TaskResult;
use crate::model::{Delta, Known, Meter, Part, Patience, Reply, ToolCall, ToolResult};
use crate::plan::Role;
use crate::sys::fs::FileError;
use crate::text::printable;

/// Calls of one turn that are done.
const CALLS: usize = 32;

/// One attempt.
pub(super) struct Talk<'a> {
    pub(super) known: &'a Known,
    pub(super) patience: Patience,
    pub(super) kit: Kit,
    pub(super) bash: Option<Bash>,
    pub(super) conversation: Conversation,
    pub(super) meter: Meter,
    pub(super) clock: Clock,
    pub(super) link: &'a Link,
    pub(super) transcript: Transcript,
    pub(super) habits: Habits,
    /// Most answers.
    pub(super) turns: u32,
    /// The key that says so.
    pub(super) turns_key: String,
    /// Whether all that it cost was told.
    pub(super) cost: Cost,
    /// Whether it was told already that it must finish by a call.
    pub(super) reminded: bool,
}

/// How it ended.
pub(super) enum End {
    Claim(Box<TaskResult>),
    Failed(Failure),
    Unwritable(FileError),
}

/// What follows a turn.
enum Next {
    GoOn,
    Claim(Box<TaskResult>),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<FileError> for End {
    fn from(error: FileError) -> Self {
        Self::Unwritable(error)
    }
}

impl From<Broken> for End {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Failed(failure) => Self::Failed(failure),
            Broken::Unwritable(error) => Self::Unwritable(error),
        }
    }
}

impl Talk<'_> {
    /// Talks to the end.
    pub(super) async fn talk(&mut self) -> End {
        let mut turn = 0;
        let end = loop {
            turn += 1;
            match self.turn(turn).await {
                Ok(Next::GoOn) => {}
                Ok(Next::Claim(result)) => break End::Claim(result),
                Err(end) => break end,
            }
        };
        let told = match &end {
            End::Claim(result) => Step::Finished { status: result.status, summary: clipped(&result.summary) },
            End::Failed(failure) => Step::Failed { class: failure.class, detail: &failure.detail },
            End::Unwritable(_) => return end,
        };
        match self.transcript.add(turn, &told) {
            Ok(()) => end,
            Err(error) => End::Unwritable(error),
        }
    }

    /// What its requests used so far.
    pub(super) fn used(&self) -> Usage {
        match &self.meter {
            Meter::Share(share) => share.used,
            Meter::Ledger { .. } => Usage::default(),
        }
    }

    async fn turn(&mut self, turn: u32) -> Result<Next, End> {
        if self.link.cancel.is_cancelled() {
            return Err(Failure::new(FailureClass::Cancelled, "it was asked to stop").into());
        }
        if self.clock.left().is_zero() {
            return Err(Failure::new(FailureClass::Timeout, "it took longer than it may").into());
        }
        if turn > self.turns {
            let detail =
                format!("it was not done after {} turns, which is what `{}` allows", self.turns, self.turns_key);
            return Err(Failure::new(FailureClass::BudgetExhausted, &detail).into());
        }
        let dropped = self.conversation.fit(self.known.context_tokens).map_err(|long| {
            let detail = format!("the model `{}` cannot be asked any more: {long}", self.known.name);
            Failure::new(FailureClass::BadOutput, &detail)
        })?;
        let tokens = self.conversation.request().tokens();
        self.transcript.add(turn, &Step::Asked { digest: self.conversation.digest(), tokens, dropped })?;
        let asked =
            ask(self.known, self.conversation.request(), &mut self.meter, self.link, &self.clock, &self.patience).await;
        let reply = asked.map_err(|unanswered| {
            self.cost = unanswered.cost;
            unanswered.failure
        })?;
        self.transcript.add(turn, &answered(&reply))?;
        let calls: Vec<ToolCall> = reply.calls().cloned().collect();
        if calls.is_empty() {
            return self.without_a_call(&reply);
        }
        // What ends the work is told as an answer: it is paid for, and nothing is won by ending it now.
        if !calls.iter().any(|call| call.name == Tool::Finish.name()) {
            self.note(Note::Usage(self.used()));
        }
        self.conversation.said(reply.said);
        self.call(turn, &calls).await
    }

    fn note(&self, note: Note) {
        // The receiver outlives the attempt.
        drop(self.link.notes.send(note));
    }

    /// A model that ends without a call is done; a reviewer has still to say how it judges.
    fn without_a_call(&mut self, reply: &Reply) -> Result<Next, End> {
        let text = reply.text();
        if text.trim().is_empty() {
            self.note(Note::Usage(self.used()));
            let same = Digest::of(b"");
            if let Advice::Stop(why) = self.habits.turn(same, Sense::None, "an answer with nothing in it") {
                return Err(Failure::new(FailureClass::BadOutput, &why).into());
            }
            self.conversation.add("Your last answer was empty. Go on, or call `finish`.");
            return Ok(Next::GoOn);
        }
        if self.kit.job.message.role != Role::Review {
            let answer = parse(Parser::Text, text.as_bytes(), Have::All);
            let answer = answer.map_err(|error| Failure::new(FailureClass::BadOutput, &error.to_string()))?;
            self.note(Note::Answer(self.used()));
            return Ok(Next::Claim(Box::new(answer.result)));
        }
        if self.reminded {
            let detail =
                format!("the review ended without `finish`, and so without a verdict: {}", printable(&text, 400));
            return Err(Failure::new(FailureClass::BadOutput, &detail).into());
        }
        self.reminded = true;
        self.note(Note::Usage(self.used()));
        self.conversation.said(reply.said.clone());
        self.conversation.add("Now call `finish` with your verdict, your score and your findings.");
        Ok(Next::GoOn)
    }

    /// Calls the tools in their order. What comes after the end is not called.
    async fn call(&mut self, turn: u32, calls: &[ToolCall]) -> Result<Next, End> {
        let (mut parts, mut sense, mut wrong, mut same) = (Vec::new(), Sense::None, String::new(), String::new());
        for (index, call) in calls.iter().enumerate() {
            let given = if index < CALLS {
                self.give(call).await?
            } else {
                Given::Failed("[not called: too many at once]".to_owned())
            };
            let (text, failed) = match given {
                Given::Finish(result) => {
                    self.note(Note::Answer(self.used()));
                    return Ok(Next::Claim(result));
                }
                Given::Done(text) => (text, false),
                Given::Failed(text) => (text, true),
                Given::Wrong(text) => {
                    wrong.clone_from(&text);
                    (text, true)
                }
            };
            if wrong.is_empty() || !failed {
                sense = Sense::Some;
            }
            same = Digest::of(format!("{same} {} {} {text}", call.name, call.arguments).as_bytes()).to_string();
            self.transcript.add(turn, &Step::Gave { tool: &clipped(&call.name), failed, text: clipped(&text) })?;
            parts.push(Part::ToolResult(ToolResult { call: call.id.clone(), text, failed }));
        }
        self.note(Note::Usage(self.used()));
        self.conversation.given(parts);
        match self.habits.turn(Digest::of(same.as_bytes()), sense, &wrong) {
            Advice::GoOn => {}
            Advice::Warn(sentence) => self.conversation.add(sentence),
            Advice::Stop(why) => return Err(Failure::new(FailureClass::BadOutput, &why).into()),
        }
        if turn + 1 == self.turns {
            self.conversation.add("You have one turn left: call `finish` now, and say what is left to do.");
        }
        Ok(Next::GoOn)
    }

    async fn give(&mut self, call: &ToolCall) -> Result<Given, End> {
        drop(self.link.deltas.try_send(Delta::Aside(shown(call))));
        let tool = match self.kit.named(&call.name) {
            Ok(tool) => tool,
            Err(given) => return Ok(given),
        };
        if let (Tool::Bash, Some(bash)) = (tool, &mut self.bash) {
            return Ok(bash.call(&self.kit, self.link, &self.clock, &call.arguments).await?);
        }
        let (kit, arguments) = (self.kit.clone(), call.arguments.clone());
        match tokio::task::spawn_blocking(move || kit.call(tool, &arguments)).await {
            Ok(given) => Ok(given),
            Err(error) => match error.try_into_panic() {
                // A panic is ours: it stops the run.
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Failure::new(FailureClass::Cancelled, "it was asked to stop").into()),
            },
        }
    }
}

/// A call as a line for whoever looks on.
fn shown(call: &ToolCall) -> String {
    let arguments: serde_json::Value = serde_json::from_str(&call.arguments).unwrap_or_default();
    let telling = ["command", "pattern", "path", "summary"].iter().find_map(|key| arguments.get(key)?.as_str());
    format!("{} {}", printable(&call.name, 40), printable(telling.unwrap_or_default(), 200)).trim_end().to_owned()
}
