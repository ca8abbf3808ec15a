//! Faults while they are looked for.

use super::fault::{Fault, Faults};

/// Faults as they are found. Of very many only the first are kept: a text of a few megabytes can hold a million, and
/// each takes a hundred times the bytes that it is about.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    kept: Vec<Fault>,
    more: usize,
}

impl Gathered {
    const MOST: usize = 1000;

    pub(super) fn push(&mut self, fault: Fault) {
        if self.kept.len() < Self::MOST {
            self.kept.push(fault);
        } else {
            self.more += 1;
        }
    }

    /// How many were found, kept or not.
    pub(super) fn len(&self) -> usize {
        self.kept.len() + self.more
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Those that were found when there were `before`.
    pub(super) fn since(&mut self, before: usize) -> &mut [Fault] {
        self.kept.get_mut(before..).unwrap_or_default()
    }

    /// What was kept, and how many more there were.
    pub(super) fn into_vec(self) -> Vec<Fault> {
        let mut faults = self.kept;
        if self.more > 0 {
            let message = format!("there are {} faults more, which are not listed", self.more);
            faults.push(Fault::new("$", message).hint("mend those that are, and look again"));
        }
        faults
    }
}

impl From<Gathered> for Faults {
    fn from(gathered: Gathered) -> Self {
        gathered.into_vec().into()
    }
}
