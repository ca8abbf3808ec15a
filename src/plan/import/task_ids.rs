//! Ids of other tools as task ids: the same where that is possible, else made so that the same text gives the same id.

use std::collections::HashSet;

use super::item::Item;
use crate::ids::{Digest, TaskId};
use crate::plan::fault::quoted;
use crate::plan::repair::{Repair, RepairKind};

/// Most characters kept of an id that has to be changed.
const KEPT: usize = 50;

/// A task id for each item, in their order. All items count, so that finishing one renames none.
pub(super) fn task_ids(items: &[Item], repairs: &mut Vec<Repair>) -> Vec<TaskId> {
    // What can stay as it is has the first right to its name.
    let sound: Vec<Option<TaskId>> = items.iter().map(|item| TaskId::new(&item.key).ok()).collect();
    let mut taken: HashSet<String> = HashSet::new();
    let kept: Vec<Option<TaskId>> =
        sound.into_iter().map(|id| id.filter(|id| taken.insert(id.as_str().to_ascii_lowercase()))).collect();
    items
        .iter()
        .zip(kept)
        .map(|(item, kept)| {
            kept.unwrap_or_else(|| {
                let id = made(&item.key, &mut taken);
                let note = format!("the id {} became `{id}`; its title says where it comes from", quoted(&item.key));
                repairs.push(item.spot.repair(RepairKind::Renamed, note));
                id
            })
        })
        .collect()
}

/// What is left of a key when all that an id may not hold is a `-`, and the beginning of its digest.
fn made(key: &str, taken: &mut HashSet<String>) -> TaskId {
    let digest = Digest::of(key.as_bytes());
    let plain = plain(key);
    // The second and later lengths are for two keys whose digests begin alike.
    for length in [8, 12] {
        let id = format!("{plain}-{}", &digest.as_str()[..length]);
        if let Ok(id) = TaskId::new(&id)
            && taken.insert(id.as_str().to_ascii_lowercase())
        {
            return id;
        }
    }
    let mut n = 2u64;
    loop {
        if let Ok(id) = TaskId::new(&format!("item-{}-{n}", &digest.as_str()[..12]))
            && taken.insert(id.as_str().to_owned())
        {
            return id;
        }
        n += 1;
    }
}

fn plain(key: &str) -> String {
    let mut out = String::with_capacity(KEPT);
    for c in key.chars() {
        if out.len() >= KEPT {
            break;
        }
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with(['-', '.', '_']) {
            out.push(if matches!(c, '.' | '_') { c } else { '-' });
        }
    }
    let out = out.trim_end_matches(['-', '.', '_']);
    if out.is_empty() { "item".to_owned() } else { out.to_owned() }
}
