//! What to do about a failure, by its class. `docs/troubleshooting.md` says more of each.

use crate::event::FailureClass;

/// One sentence for people.
pub(super) fn of(class: FailureClass) -> &'static str {
    match class {
        FailureClass::Transient => "a service could not be reached; resume once it answers again",
        FailureClass::RateLimited => "too many requests; resume later, or with fewer jobs",
        FailureClass::Quota => "the provider's quota is used up; resume when it is back, or set limits.quota_wait",
        FailureClass::Auth => "log the agent in, or set the variable that holds its key, then resume",
        FailureClass::Timeout => "split the task, or give it more time with limits.task, then resume",
        FailureClass::Stalled => "see in stdout.log where it hung; limits.idle is how long it may be silent",
        FailureClass::BadOutput => "the agent's answer did not fit its parser; see stdout.log and the agent's `parser`",
        FailureClass::Exited => "the agent's program ended with an error; see stderr.log of the attempt",
        FailureClass::Reported => "the agent says that it cannot do it; say more in the ticket, or split the task",
        FailureClass::Rejected => "a check is red, or the work went beyond its scope; see the check's output",
        FailureClass::Interrupted => "the attempt was interrupted and does not count; resume runs it again",
        FailureClass::PolicyDenied => "if it ought to be allowed, widen what the task may do, then resume with --plan",
        FailureClass::BudgetExhausted => "resume with a higher limit",
        FailureClass::Cancelled => "a person ended it; resume runs it again",
        FailureClass::Unusable => "see that the agent's program is there and can be started, then resume",
    }
}
