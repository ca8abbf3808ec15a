//! What becomes of each item: it runs, it is over, or it is held back, by its own word or by that of another.

use super::item::Item;
use super::links::Links;
use super::state::{Held, Over, State};

/// What becomes of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Runs,
    Over(Over),
    Held(Held),
}

/// The fate of each. Takes O(items + links).
pub(super) fn fates(items: &[Item], links: &Links) -> Vec<Fate> {
    let mut fates: Vec<Fate> = items
        .iter()
        .zip(&links.waits)
        .map(|(item, waits)| match &item.state {
            State::Open | State::Begun => Fate::Runs,
            State::Over(over) => Fate::Over(*over),
            // Blocked by what is in the file means no more than waiting for it.
            State::Held(Held::Blocked) if waits.iter().any(|(on, _)| !items[*on].state.is_over()) => Fate::Runs,
            State::Held(held) => Fate::Held(held.clone()),
        })
        .collect();
    give_up_parts(links, &mut fates);
    hold_back(items, links, &mut fates);
    fates
}

impl Fate {
    /// Whether it becomes a task.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Runs)
    }
}

/// What is part of something given up is given up.
fn give_up_parts(links: &Links, fates: &mut [Fate]) {
    let mut gone: Vec<usize> = (0..fates.len()).filter(|&i| fates[i] == Fate::Over(Over::GivenUp)).collect();
    while let Some(i) = gone.pop() {
        for &child in &links.children[i] {
            if !matches!(fates[child], Fate::Over(_)) {
                fates[child] = Fate::Over(Over::GivenUp);
                gone.push(child);
            }
        }
    }
}

/// What waits for something held, is part of it, or consists of it, is held too. A part that is only put off does not
/// hold its whole: people finish the rest without it.
fn hold_back(items: &[Item], links: &Links, fates: &mut [Fate]) {
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
    for (i, waits) in links.waits.iter().enumerate() {
        for (on, _) in waits {
            waiting[*on].push(i);
        }
    }
    let mut held: Vec<usize> = (0..fates.len()).filter(|&i| matches!(fates[i], Fate::Held(_))).collect();
    // The earliest in the file first, so that the reasons read in its order.
    held.reverse();
    while let Some(i) = held.pop() {
        let is_put_off = fates[i] == Fate::Held(Held::Deferred);
        let by_waiting = waiting[i].iter().map(|&other| (other, Held::WaitsFor(i)));
        let as_part = if is_put_off { Held::Deferred } else { Held::PartOf(i) };
        let by_part = links.children[i].iter().map(|&other| (other, as_part.clone()));
        let wholes: &[usize] = if is_put_off { &[] } else { &links.parents[i] };
        let by_whole = wholes.iter().map(|&other| (other, Held::Lacks(i)));
        for (other, why) in by_part.chain(by_waiting).chain(by_whole) {
            if fates[other].runs() {
                fates[other] = Fate::Held(why);
                held.push(other);
            }
        }
    }
}
