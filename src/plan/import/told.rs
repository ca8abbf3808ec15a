//! What was not taken over from a file, in words: nothing is left out in silence.

use super::fates::Fate;
use super::item::{Item, Listing, Spot};
use super::links::{Links, title};
use super::state::{Held, Over};
use crate::plan::fault::quoted;
use crate::plan::repair::{Repair, RepairKind};
use crate::text::printable;

/// Most items that are named in one sentence.
const NAMED: usize = 500;

/// Says which items are no tasks, and why.
pub(super) fn told(listing: &Listing, links: &Links, fates: &[Fate], repairs: &mut Vec<Repair>) {
    for over in Over::ALL {
        let group = Group::of(links, fates, |fate| *fate == Fate::Over(over));
        group.told(listing, over.words(), RepairKind::LeftOut, repairs);
    }
    let deferred = Group::of(links, fates, |fate| *fate == Fate::Held(Held::Deferred));
    deferred.told(listing, "deferred", RepairKind::HeldBack, repairs);
    for (item, fate) in listing.items.iter().zip(fates) {
        if let Fate::Held(held) = fate
            && let Some(why) = why(&listing.items, held)
        {
            let note = format!("{} {why}", quoted(&item.key));
            repairs.push(item.spot.repair(RepairKind::HeldBack, note));
        }
    }
    still_open(&listing.items, links, fates, repairs);
}

/// In a sentence, why there is nothing to do.
pub(super) fn nothing_left(items: &[Item], fates: &[Fate]) -> String {
    let is_over = |over: Over| fates.iter().filter(|fate| **fate == Fate::Over(over)).count();
    let mut counts: Vec<String> =
        Over::ALL.iter().map(|&over| (is_over(over), over.words())).filter(|(n, _)| *n > 0).map(told_count).collect();
    let held = fates.iter().filter(|fate| matches!(fate, Fate::Held(_))).count();
    if held > 0 {
        counts.push(told_count((held, "held back")));
    }
    match (items.len(), counts.as_slice()) {
        (0, _) => "the list is empty: it has no task".to_owned(),
        (1, _) => format!("nothing is left to do: the only one {}", counts.join("").trim_start_matches("1 ")),
        (_, [all]) => format!("nothing is left to do: all {all}"),
        (n, _) => format!("nothing is left to do: of {n}, {}", counts.join(", ")),
    }
}

fn told_count((n, words): (usize, &str)) -> String {
    format!("{n} {} {words}", if n == 1 { "is" } else { "are" })
}

/// Why an item is held that no group names.
fn why(items: &[Item], held: &Held) -> Option<String> {
    let name = |i: usize| format!("{} {}", quoted(&items[i].key), title(&items[i]));
    Some(match held {
        Held::Deferred => return None,
        Held::Blocked => "is blocked, and nothing in the file says by what".to_owned(),
        Held::Gate => "waits for something outside of the plan".to_owned(),
        Held::AfterFailure => "is only for when something else fails".to_owned(),
        Held::Unknown(word) => format!("has the status {}, which is not known here", quoted(word)),
        Held::WaitsFor(i) => format!("waits for {}, which is left out", name(*i)),
        Held::PartOf(i) => format!("is part of {}, which is left out", name(*i)),
        Held::Lacks(i) => format!("lacks its part {}, which is left out", name(*i)),
    })
}

/// Items of one fate. Where a whole and all its parts share it, the whole stands for them.
struct Group {
    named: Vec<usize>,
    below: usize,
}

impl Group {
    fn of(links: &Links, fates: &[Fate], is_in: impl Fn(&Fate) -> bool) -> Self {
        let members: Vec<usize> = (0..fates.len()).filter(|&i| is_in(&fates[i])).collect();
        let stands_below = |i: usize| links.parents[i].first().is_some_and(|&parent| is_in(&fates[parent]));
        let (below, named): (Vec<usize>, Vec<usize>) = members.into_iter().partition(|&i| stands_below(i));
        Self { named, below: below.len() }
    }

    fn told(&self, listing: &Listing, words: &str, kind: RepairKind, repairs: &mut Vec<Repair>) {
        let Some(&first) = self.named.first() else { return };
        let shown = self.named.iter().take(NAMED);
        let mut names: Vec<String> = shown.map(|&i| printable(&listing.items[i].key, 80)).collect();
        if self.named.len() > NAMED {
            names.push(format!("{} more", self.named.len() - NAMED));
        }
        let parts = match self.below {
            0 => String::new(),
            1 => ", with 1 part below".to_owned(),
            n => format!(", with {n} parts below"),
        };
        let (spot, verb): (&Spot, _) = match names.len() {
            1 => (&listing.items[first].spot, "is"),
            _ => (&listing.spot, "are"),
        };
        repairs.push(spot.repair(kind, format!("{} {verb} {words}{parts}", names.join(", "))));
    }
}

/// A whole that is done while parts of it are not: its own word decides over it, theirs over them.
fn still_open(items: &[Item], links: &Links, fates: &[Fate], repairs: &mut Vec<Repair>) {
    for (i, item) in items.iter().enumerate() {
        let Fate::Over(over) = fates[i] else { continue };
        let open = links.children[i].iter().filter(|&&child| fates[child].runs());
        let names: Vec<String> = open.map(|&child| quoted(&items[child].key)).collect();
        if !names.is_empty() {
            let (part, stay) = if names.len() == 1 {
                ("part", "is not: it stays a task")
            } else {
                ("parts", "are not: they stay tasks")
            };
            let (whole, words) = (quoted(&item.key), over.words());
            let note = format!("{whole} is {words}, but its {part} {} {stay}", names.join(", "));
            repairs.push(item.spot.repair(RepairKind::StillOpen, note));
        }
    }
}
