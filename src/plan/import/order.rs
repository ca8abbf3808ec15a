//! What each task waits for, once wholes come after their parts and parts wait for what their whole waits for.

use super::fates::Fate;
use super::item::{Item, Spot};
use super::links::Links;
use crate::plan::edges;
use crate::plan::fault::quoted;
use crate::plan::gathered::Gathered;

/// Most dependencies of a plan, with those that parts take over. They are a product of two numbers of a small file.
const EDGES: usize = 500_000;
/// Most items of a circle that are named.
const NAMED: usize = 20;

/// For each item that runs, the items that run before it: its own first, then those of what it is part of, then its
/// parts. Circles are faults.
pub(super) fn order(items: &[Item], links: &Links, fates: &[Fate], faults: &mut Gathered) -> Vec<Vec<usize>> {
    let mut before: Vec<Vec<usize>> = Vec::with_capacity(items.len());
    let outside: Vec<Vec<usize>> = (0..items.len()).map(|whole| outside(links, whole)).collect();
    let mut named_by = vec![usize::MAX; items.len()];
    let mut count = 0usize;
    for i in 0..items.len() {
        let mut all = Vec::new();
        if fates[i].runs() {
            let own = links.waits[i].iter().map(|(on, _)| *on);
            let of_wholes = links.above[i].iter().flat_map(|&whole| outside[whole].iter().copied());
            for on in own.chain(of_wholes).chain(links.children[i].iter().copied()) {
                count += 1;
                if count > EDGES {
                    let message = format!("with those of what it is part of, the dependencies are more than {EDGES}");
                    faults.push(items[i].spot.fault(message).hint("split the list"));
                    return vec![Vec::new(); items.len()];
                }
                if fates[on].runs() && std::mem::replace(&mut named_by[on], i) != i {
                    all.push(on);
                }
            }
        }
        before.push(all);
    }
    find_circles(items, links, &before, faults);
    before
}

/// What the parts of `whole` take over from it: all it waits for, but for its own parts, which stand beside each other.
fn outside(links: &Links, whole: usize) -> Vec<usize> {
    if links.children[whole].is_empty() {
        return Vec::new();
    }
    let is_outside = |on: &usize| *on != whole && !links.above[*on].contains(&whole);
    links.waits[whole].iter().map(|(on, _)| *on).filter(is_outside).collect()
}

fn find_circles(items: &[Item], links: &Links, before: &[Vec<usize>], faults: &mut Gathered) {
    let narrow = |all: &Vec<usize>| all.iter().filter_map(|&on| u32::try_from(on).ok()).collect::<Vec<u32>>();
    let deps = before.iter().map(narrow).collect();
    for circle in edges::cycles(&deps) {
        let circle: Vec<usize> = circle.into_iter().map(|node| node as usize).collect();
        let Some(&first) = circle.first() else { continue };
        let message = format!("{} wait for each other in a circle: {}", kind(&circle), told(items, links, &circle));
        faults.push(place(items, links, &circle, first).fault(message).hint("remove one of these dependencies"));
    }
}

fn kind(circle: &[usize]) -> &'static str {
    if circle.len() == 1 { "an item and its parts" } else { "items" }
}

/// The dependency of the circle's first item, where the file names it, else the item.
fn place(items: &[Item], links: &Links, circle: &[usize], first: usize) -> Spot {
    let next = circle.get(1).copied().unwrap_or(first);
    let named = links.waits[first].iter().find(|(on, _)| *on == next).map(|(_, spot)| spot.clone());
    named.unwrap_or_else(|| items[first].spot.clone())
}

/// `a → b → a`, with the reason of each step that the file does not name as such.
fn told(items: &[Item], links: &Links, circle: &[usize]) -> String {
    let following = circle.iter().cycle().skip(1);
    let step = |(&at, &next): (&usize, &usize)| format!("{}{}", quoted(&items[at].key), reason(items, links, at, next));
    let mut steps: Vec<String> = circle.iter().zip(following).take(NAMED).map(step).collect();
    if circle.len() > NAMED {
        steps.push(format!("{} more", circle.len() - NAMED));
    }
    steps.extend(circle.first().map(|&first| quoted(&items[first].key)));
    steps.join(" → ")
}

fn reason(items: &[Item], links: &Links, at: usize, next: usize) -> String {
    let names = |whole: usize| links.waits[whole].iter().any(|(on, _)| *on == next);
    if names(at) {
        return String::new();
    }
    if let Some(&whole) = links.above[at].iter().find(|&&whole| names(whole)) {
        return format!(" (as part of {})", quoted(&items[whole].key));
    }
    " (whose part is)".to_owned()
}
