//! What is part of what, and what waits for what: names become items, and a name that leads nowhere is told.

use std::collections::HashMap;

use super::item::{Item, Named, Spot};
use crate::plan::fault::{Fault, quoted};
use crate::plan::gathered::Gathered;
use crate::plan::repair::{Repair, RepairKind};
use crate::text::printable;

/// Most steps upwards that are taken for all items together; more is no list that people made.
const STEPS: usize = 500_000;

/// The links of each item, by its ordinal.
#[derive(Debug, Default)]
pub(super) struct Links {
    pub parents: Vec<Vec<usize>>,
    pub children: Vec<Vec<usize>>,
    pub waits: Vec<Vec<(usize, Spot)>>,
    /// All that an item is part of, the nearest first; never itself.
    pub above: Vec<Vec<usize>>,
}

/// Resolves every name. An id that is there twice is a fault.
pub(super) fn links(items: &[Item], faults: &mut Gathered, repairs: &mut Vec<Repair>) -> Links {
    let known = index(items, faults);
    let mut links = Links::default();
    links.children.resize(items.len(), Vec::new());
    for (i, item) in items.iter().enumerate() {
        let mut parents: Vec<usize> = Vec::new();
        for named in &item.parents {
            match find(&known, named) {
                Some(parent) if parent == i => faults.push(itself(item, named, "is part of itself")),
                Some(parent) if parents.contains(&parent) => {}
                Some(parent) => {
                    parents.push(parent);
                    links.children[parent].push(i);
                }
                None => dangling(item, named, "is part of", repairs),
            }
        }
        let mut waits = Vec::with_capacity(item.waits.len());
        for named in &item.waits {
            match find(&known, named) {
                // What is over waits for nothing any more.
                Some(on) if on == i && !item.state.is_over() => {
                    faults.push(itself(item, named, "waits for itself"));
                }
                Some(on) if on == i => {}
                Some(on) => waits.push((on, named.spot.clone())),
                None => dangling(item, named, "waits for", repairs),
            }
        }
        links.parents.push(parents);
        links.waits.push(waits);
    }
    above(items, &mut links, faults);
    drop_own_parents(items, &mut links, repairs);
    links
}

fn index<'a>(items: &'a [Item], faults: &mut Gathered) -> HashMap<&'a str, usize> {
    let mut known: HashMap<&str, usize> = HashMap::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        let Some(&first) = known.get(item.key.as_str()) else {
            known.insert(&item.key, i);
            continue;
        };
        let other = &items[first];
        let place = other.spot.place.map_or_else(|| other.spot.path.clone(), |place| format!("line {}", place.line));
        let message = format!("the id {} is already that of {place} ({})", quoted(&item.key), title(other));
        faults.push(item.spot.below(".id").fault(message).hint("which of the two is meant cannot be told; rename one"));
    }
    known
}

fn find(known: &HashMap<&str, usize>, named: &Named) -> Option<usize> {
    named.keys.iter().find_map(|key| known.get(key.as_str()).copied())
}

fn itself(item: &Item, named: &Named, does: &str) -> Fault {
    named.spot.fault(format!("{} {does}", quoted(&item.key))).hint("remove it")
}

fn dangling(item: &Item, named: &Named, does: &str, repairs: &mut Vec<Repair>) {
    if item.state.is_over() {
        return;
    }
    let name = named.keys.last().map_or("", String::as_str);
    let note = format!("{} {does} {}, which is not in the file: dropped", quoted(&item.key), quoted(name));
    repairs.push(named.spot.repair(RepairKind::Dangling, note));
}

/// Everything above each item. Circles end where they began; the order of work finds them later.
fn above(items: &[Item], links: &mut Links, faults: &mut Gathered) {
    let mut steps = 0usize;
    let mut seen = vec![usize::MAX; items.len()];
    for i in 0..items.len() {
        let mut all: Vec<usize> = Vec::new();
        let mut next = 0;
        seen[i] = i;
        let mut at = i;
        loop {
            for &parent in &links.parents[at] {
                steps += 1;
                if std::mem::replace(&mut seen[parent], i) != i {
                    all.push(parent);
                }
            }
            if steps > STEPS {
                let message = format!("parts of parts go deeper than can be followed, at {}", quoted(&items[i].key));
                faults.push(items[i].spot.fault(message));
                links.above.resize(items.len(), Vec::new());
                return;
            }
            let Some(&following) = all.get(next) else { break };
            at = following;
            next += 1;
        }
        links.above.push(all);
    }
}

/// A part that waits for its own whole would never begin; being a part of it says all that can be meant.
fn drop_own_parents(items: &[Item], links: &mut Links, repairs: &mut Vec<Repair>) {
    for (i, item) in items.iter().enumerate() {
        let above = &links.above[i];
        links.waits[i].retain(|(on, spot)| {
            if !above.contains(on) {
                return true;
            }
            if !item.state.is_over() {
                let (part, whole) = (quoted(&item.key), quoted(&items[*on].key));
                let note = format!("{part} is part of {whole} and cannot wait for it: dropped");
                repairs.push(spot.repair(RepairKind::WaitsForItsWhole, note));
            }
            false
        });
    }
}

/// A title in a message.
pub(super) fn title(item: &Item) -> String {
    format!("\"{}\"", printable(item.title.trim(), 60))
}
