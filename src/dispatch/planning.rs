//! What the loop asks a model for: a plan. Every answer is on record before it is looked at, and every request is in the
//! ledger, on the disk, before it is sent.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::DispatchError;
use super::dispatcher::Dispatcher;
use super::glimpse::{Eye, Sight};
use super::inbox::{Answer, Message};
use super::record::Waiting;
use crate::event::{Base, FailureClass, Kind, PlanAccepted, Purpose, RunStarted, StopCause};
use crate::ids::{Digest, ModelName};
use crate::model::{AskFailure, Delta, Grant, Known, Meter, ModelFailure, Patience, Request, Withheld, ask};
use crate::plan::{Caps, Check, Draft, Plan, PlanBase};
use crate::planner::{self, ModelPlanner};
use crate::run::{Phase, Rejected};
use crate::store::{self, RunDir};
use crate::sys::{clock, fs};

/// What the author of a plan begins with where it is a model.
const MODEL: &str = "model ";
/// Output that waits to be seen; beyond that it is lost.
const DELTAS: usize = 64;

/// Who plans with a model, and what its plans are held to.
pub struct Planning {
    /// Makes the requests, and reads the answers.
    pub planner: ModelPlanner,
    /// Whom to ask.
    pub known: Known,
    /// How long a request is tried.
    pub patience: Patience,
    /// The project's checks.
    pub catalogue: Vec<Check>,
    /// What a plan may be.
    pub caps: Caps,
}

impl Dispatcher {
    /// Asks for a plan.
    pub(super) fn propose(&mut self, round: u32) -> Result<(), DispatchError> {
        let planning = self.planning()?;
        let rejected = match &self.state.phase {
            Phase::Planning { rejected, .. } => earlier(rejected),
            Phase::Executing | Phase::Stopped(_) | Phase::Finished(_) => Vec::new(),
        };
        let request = planning.planner.request(&rejected)?;
        self.request(Purpose::Plan(round), request, move |answer| Message::Proposed { round, answer });
        Ok(())
    }

    /// An answer came, or why there is none.
    pub(super) fn proposed(&mut self, round: u32, answer: Answer) -> Result<(), DispatchError> {
        self.answered()?;
        match answer {
            Ok(reply) => {
                let (text, usage) = (reply.text(), reply.usage);
                self.append(None, None, Kind::PlanProposed { round, text, usage })
            }
            // A run that is ending already ends once, and for its own reason.
            Err(_) if self.stopping.is_some() => Ok(()),
            Err(failed) => match stop_cause(*failed) {
                Some(why) => self.append(None, None, Kind::RunStopped { why }),
                None => Ok(()),
            },
        }
    }

    /// Takes the plan that was proposed, or says what is wrong with it.
    pub(super) fn parse(&mut self, text: &str) -> Result<(), DispatchError> {
        let planning = self.planning()?;
        let accepted = match planning.planner.read(text) {
            Ok(proposal) => accepted_plan(proposal.draft, &planning, &self.state.base)?,
            Err(faults) => Err(faults),
        };
        match accepted {
            Ok(accepted) => {
                let plan = accepted.plan.clone();
                self.append(None, None, Kind::PlanAccepted(Box::new(accepted)))?;
                write_plan(&self.work.dir, &plan, self.state.revision())
            }
            Err(faults) => {
                let faults = faults.into_iter().map(|fault| crate::text::printable(&fault, 500)).collect();
                self.keep_rejected(text)?;
                self.append(None, None, Kind::PlanRejected { faults })
            }
        }
    }

    /// A request is over.
    pub(super) fn answered(&mut self) -> Result<(), DispatchError> {
        self.busy.asking = false;
        // What it used was told before its answer, on another channel.
        while let Ok(grant) = self.grants.try_recv() {
            self.grant(grant)?;
        }
        Ok(())
    }

    /// Sends a request once the ledger allows it; the answer comes as a message.
    pub(super) fn request(
        &mut self,
        purpose: Purpose,
        request: Request,
        told: impl FnOnce(Answer) -> Message + Send + 'static,
    ) {
        let Some(planning) = self.work.planning.clone() else { return };
        self.busy.asking = true;
        let mut meter = Meter::Ledger { ledger: self.ledger.clone(), purpose };
        let (out, cancel, eye) = (self.outbox.clone(), self.work.cancel.child_token(), self.eye(None));
        // Words about the results are worth no more time than the run has; no limit is passed that would end it for them.
        let left = match purpose {
            Purpose::Summary => self.state.terms.run_time.minus(self.state.elapsed(clock::now())).as_duration(),
            Purpose::Plan(_) | Purpose::Revision(_) => Duration::MAX,
        };
        eye.sees(Sight::Asking(planning.known.name.clone()));
        self.workers.spawn(async move {
            let (deltas, heard) = mpsc::channel(DELTAS);
            let asked = async {
                let answer = ask(&planning.known, &request, &mut meter, &planning.patience, &cancel, &deltas).await;
                drop(deltas);
                answer
            };
            let late = async {
                tokio::time::sleep(left).await;
                cancel.cancel();
                std::future::pending().await
            };
            let (answer, ()) = tokio::select! {
                answered = async { tokio::join!(asked, hear(heard, &eye)) } => answered,
                never = late => never,
            };
            // The loop is gone only when it has failed itself; then nobody is left to tell.
            drop(out.send(told(answer.map_err(Box::new))));
        });
    }

    /// What a request asks of the ledger.
    pub(super) fn grant(&mut self, grant: Grant) -> Result<(), DispatchError> {
        match grant {
            // Nothing is begun any more; the closed channel says so.
            Grant::Reserve { .. } if self.stopping.is_some() => Ok(()),
            Grant::Reserve { purpose, amount, spends, answer } => {
                let amount = match &self.state.terms.budget {
                    Some(budget) => self.state.ledger.request(budget, spends, amount),
                    None => Ok(amount),
                };
                match amount {
                    Ok(amount) => {
                        let id = self.state.ledger.next_request();
                        self.append(None, None, Kind::BudgetReserved { id, r#for: purpose, amount })?;
                        self.record.urge_for(self.state.seq, Waiting::Grant { id, answer });
                    }
                    Err(short) => drop(answer.send(Err(Withheld::Spent(short)))),
                }
                Ok(())
            }
            Grant::Settle { id, used } => self.append(None, None, Kind::BudgetSettled { id, used }),
        }
    }

    /// Keeps what a model said and nobody could use, for people.
    pub(super) fn keep_rejected(&self, text: &str) -> Result<(), DispatchError> {
        fs::create_dirs(&self.work.dir.plans())?;
        Ok(fs::write(&self.work.dir.plan_rejected(self.state.seq), text.as_bytes())?)
    }

    pub(super) fn planning(&self) -> Result<Arc<Planning>, DispatchError> {
        self.work.planning.clone().ok_or(DispatchError::NoPlan)
    }
}

impl Planning {
    /// Who plans, as plans and journals say it.
    pub fn planned_by(&self) -> String {
        planned_by(&self.known.name)
    }
}

/// Whether a run began without a plan, because a model was to make it. Any other run is there only with its plan.
pub fn began_without_plan(started: &RunStarted) -> bool {
    started.planned_by.starts_with(MODEL)
}

/// How plans and journals call a model that plans.
pub fn planned_by(name: &ModelName) -> String {
    format!("{MODEL}{name}")
}

/// The plan as files: what is in force, and every revision.
pub(super) fn write_plan(dir: &RunDir, plan: &Plan, revision: u32) -> Result<(), DispatchError> {
    store::write_json(&dir.plan(), plan)?;
    fs::create_dirs(&dir.plans())?;
    store::write_json(&dir.plan_revision(revision), plan)?;
    Ok(())
}

/// What a plan says that it was made against.
pub fn plan_base(base: &Base) -> Option<PlanBase> {
    base.tree.clone().map(|tree| PlanBase { tree, commit: base.commit.clone() })
}

/// A plan of the model's, held to what every plan is held to.
fn accepted_plan(
    mut draft: Draft,
    planning: &Planning,
    base: &Base,
) -> Result<Result<PlanAccepted, Vec<String>>, DispatchError> {
    draft.base = plan_base(base);
    let plan = match draft.accept(&planning.caps) {
        Ok(plan) => plan,
        Err(faults) => return Ok(Err(faults.as_slice().iter().map(ToString::to_string).collect())),
    };
    let checks_sha = Digest::of_json(&planning.catalogue)?;
    Ok(Ok(PlanAccepted { revision: 1, plan, checks: planning.catalogue.clone(), checks_sha }))
}

/// What was proposed before, as the planner takes it.
pub(super) fn earlier(rejected: &[Rejected]) -> Vec<planner::Rejected> {
    let one = |before: &Rejected| planner::Rejected { text: before.text.clone(), faults: before.faults.clone() };
    rejected.iter().map(one).collect()
}

/// What stops a run whose planner has no answer; nothing where it is ending anyway.
fn stop_cause(failed: AskFailure) -> Option<StopCause> {
    match failed {
        AskFailure::Withheld(Withheld::Spent(short)) => Some(StopCause::Short(short)),
        AskFailure::Withheld(Withheld::Ending) => None,
        AskFailure::Model(ModelFailure { failure, .. }) => match (failure.class, failure.retry_at) {
            (FailureClass::Cancelled | FailureClass::Interrupted, _) => None,
            (FailureClass::Quota | FailureClass::RateLimited, Some(until)) => Some(StopCause::Quota(Some(until))),
            _ => Some(StopCause::Model(Box::new(failure))),
        },
    }
}

/// Shows what comes as it comes.
async fn hear(mut heard: mpsc::Receiver<Delta>, eye: &Eye) {
    while let Some(delta) = heard.recv().await {
        eye.sees_output(delta);
    }
}
