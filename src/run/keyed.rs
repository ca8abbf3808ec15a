//! Whether the keys of all finished tasks are known to be those that they would have today, so that a resume need not work
//! them out again.
//!
//! What a process puts into keys is recorded when it opens a run; it has looked at every finished task, and opened again
//! what differs, before its first attempt begins. So from that attempt on all keys are its own, until another process puts
//! something else into them, or the plan is edited.

use crate::ids::Digest;

/// What is known of the keys of finished tasks.
#[derive(Debug, Clone, Default)]
pub(super) struct Keyed {
    /// What the process that has the run puts into keys, where its journal says so.
    identity: Option<Digest>,
    all: bool,
}

impl Keyed {
    /// The first process began.
    pub(super) fn by(identity: Option<Digest>) -> Self {
        Self { identity, all: false }
    }

    /// A later process took over. An attempt of the one before, which was not judged yet, keeps the key it began with.
    pub(super) fn taken_over(&mut self, identity: Option<&Digest>, leaves_unjudged: bool) {
        let same = self.identity.as_ref() == identity;
        self.all &= same;
        self.identity = identity.filter(|_| same || !leaves_unjudged).cloned();
    }

    /// The plan became another.
    pub(super) fn edited(&mut self) {
        self.all = false;
    }

    /// An attempt began.
    pub(super) fn begun(&mut self) {
        self.all = true;
    }

    /// What all keys were made with.
    pub(super) fn identity(&self) -> Option<&Digest> {
        self.identity.as_ref().filter(|_| self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_from_an_attempt_on_until_something_else_goes_into_them() {
        let (mine, yours) = (Digest::of(b"mine"), Digest::of(b"yours"));
        let mut keyed = Keyed::by(Some(mine.clone()));
        assert_eq!(keyed.identity(), None);
        keyed.begun();
        assert_eq!(keyed.identity(), Some(&mine));
        keyed.taken_over(Some(&mine), true);
        assert_eq!(keyed.identity(), Some(&mine));
        keyed.taken_over(Some(&yours), false);
        assert_eq!(keyed.identity(), None);
        keyed.begun();
        assert_eq!(keyed.identity(), Some(&yours));
        keyed.edited();
        assert_eq!(keyed.identity(), None);
    }

    #[test]
    fn what_was_not_judged_when_another_took_over_keeps_its_key() {
        let (mine, yours) = (Digest::of(b"mine"), Digest::of(b"yours"));
        let mut keyed = Keyed::by(Some(mine));
        keyed.begun();
        keyed.taken_over(Some(&yours), true);
        keyed.begun();
        assert_eq!(keyed.identity(), None);
        keyed.taken_over(Some(&yours), false);
        assert_eq!(keyed.identity(), None);
        keyed.begun();
        assert_eq!(keyed.identity(), Some(&yours));
    }

    #[test]
    fn a_journal_that_does_not_say_is_never_taken_for_known() {
        let mut keyed = Keyed::by(None);
        keyed.begun();
        keyed.taken_over(None, false);
        keyed.begun();
        assert_eq!(keyed.identity(), None);
    }
}
