//! PURE: a model that goes in circles is stopped: calls that make no sense, and the same ones with the same outcome again
//! and again.

use std::collections::{BTreeSet, VecDeque};

use crate::ids::Digest;

/// Turns in a row without one call that made sense.
const WRONG: u32 = 3;
/// Turns in a row that are all alike.
const ALIKE: usize = 5;
/// As many turns back as are remembered.
const TURNS: usize = 12;

/// What the last turns were like.
#[derive(Debug, Default)]
pub(super) struct Habits {
    wrong: u32,
    turns: VecDeque<Digest>,
}

/// What to do about a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Advice {
    GoOn,
    /// To be told.
    Warn(&'static str),
    /// The end.
    Stop(String),
}

/// Whether any call of a turn made sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sense {
    Some,
    None,
}

impl Habits {
    /// Takes a turn: what identifies its calls together with their outcome, and what was wrong with the last of them.
    pub(super) fn turn(&mut self, turn: Digest, sense: Sense, wrong: &str) -> Advice {
        match sense {
            Sense::Some => self.wrong = 0,
            Sense::None => self.wrong += 1,
        }
        if self.wrong >= WRONG {
            return Advice::Stop(format!("{WRONG} turns in a row brought no call that made sense; the last: {wrong}"));
        }
        self.turns.push_back(turn);
        if self.turns.len() > TURNS {
            self.turns.pop_front();
        }
        let last = self.turns.back();
        let alike = self.turns.iter().rev().take_while(|turn| Some(*turn) == last).count();
        let kinds = self.turns.iter().collect::<BTreeSet<_>>().len();
        if alike >= ALIKE {
            return Advice::Stop(format!("it made the same call with the same outcome {ALIKE} times in a row"));
        }
        if self.turns.len() == TURNS && kinds <= 2 {
            return Advice::Stop(format!("it went back and forth between the same calls for {TURNS} turns"));
        }
        if alike >= 3 {
            return Advice::Warn(
                "You made the same call three times, and it gave the same. Do something else, or call `finish`.",
            );
        }
        Advice::GoOn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(habits: &mut Habits, name: &str) -> Advice {
        habits.turn(Digest::of(name.as_bytes()), Sense::Some, "")
    }

    #[test]
    fn the_same_over_and_over_is_warned_of_and_then_stopped() {
        let mut habits = Habits::default();
        for expected in ["GoOn", "GoOn", "Warn", "Warn", "Stop"] {
            let advice = turn(&mut habits, "a");
            assert!(format!("{advice:?}").starts_with(expected), "{advice:?}");
        }
    }

    #[test]
    fn two_calls_in_turns_are_stopped_and_work_with_a_test_between_is_not() {
        let mut habits = Habits::default();
        let ends: Vec<Advice> = (0..12).map(|n| turn(&mut habits, ["a", "b"][n % 2])).collect();
        assert!(ends[..11].iter().all(|advice| *advice == Advice::GoOn) && matches!(ends[11], Advice::Stop(_)));
        let mut habits = Habits::default();
        for n in 0..100 {
            let name = if n % 2 == 0 { "test".to_owned() } else { format!("edit {n}") };
            assert_eq!(turn(&mut habits, &name), Advice::GoOn);
        }
    }

    #[test]
    fn three_turns_without_sense_are_the_end_and_one_with_sense_forgives() {
        let mut habits = Habits::default();
        let mut bad = |n: u8| habits.turn(Digest::of(&[n]), Sense::None, "no tool `x`");
        assert_eq!((bad(1), bad(2)), (Advice::GoOn, Advice::GoOn));
        assert!(matches!(bad(3), Advice::Stop(why) if why.contains("no tool `x`")));
        let mut habits = Habits::default();
        for n in 0..9 {
            let sense = if n % 3 == 2 { Sense::Some } else { Sense::None };
            assert_eq!(habits.turn(Digest::of(&[n]), sense, ""), Advice::GoOn);
        }
    }
}
