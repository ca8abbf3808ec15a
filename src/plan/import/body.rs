//! What a task is told: the item's own words under their headings, and where it stands among the others.

use super::fates::Fate;
use super::item::{Item, Tool};
use super::links::Links;
use super::state::{Held, Over, State};
use crate::plan::model::Role;
use crate::text::{clip, printable};

/// Most parts that are listed by name.
const PARTS: usize = 100;
/// Most bytes of what the whole says that its parts are told.
const CONTEXT: usize = 2000;
/// A title is one line for people; a longer one stands in the instructions as well.
const TITLE: usize = 200;

/// The instructions of an item that runs.
pub(super) fn instructions(tool: Tool, items: &[Item], links: &Links, fates: &[Fate], i: usize) -> String {
    let item = &items[i];
    let mut blocks = vec![opening(tool, items, links, i)];
    if item.title.chars().count() > TITLE {
        blocks.push(item.title.trim().to_owned());
    }
    let parts = parts(links, fates, i);
    if !parts.is_empty() {
        blocks.push(list_of_parts(items, &parts, role(item, links, fates, i)));
    }
    for (heading, text) in &item.sections {
        blocks.push(if heading.is_empty() { text.clone() } else { format!("{heading}:\n{text}") });
    }
    if let Some(&whole) = links.parents[i].first()
        && let Some((_, text)) = items[whole].sections.first()
    {
        let more = if text.len() > CONTEXT { " …" } else { "" };
        blocks.push(format!("What it is part of:\n{}{more}", clip(text, CONTEXT)));
    }
    blocks.join("\n\n")
}

/// With parts that count, the role of a whole.
pub(super) fn role(item: &Item, links: &Links, fates: &[Fate], i: usize) -> Role {
    if parts(links, fates, i).is_empty() { item.alone } else { item.whole }
}

/// Parts that are done or will be. One that was put off or given up is no longer meant.
fn parts(links: &Links, fates: &[Fate], i: usize) -> Vec<usize> {
    let counts = |child: &usize| match &fates[*child] {
        Fate::Runs => true,
        Fate::Over(over) => matches!(over, Over::Done | Over::InReview),
        Fate::Held(held) => !matches!(held, Held::Deferred),
    };
    links.children[i].iter().copied().filter(counts).collect()
}

fn opening(tool: Tool, items: &[Item], links: &Links, i: usize) -> String {
    let item = &items[i];
    let name = |item: &Item| printable(&item.key, 200);
    let whole = |&whole: &usize| format!("{} ({})", name(&items[whole]), printable(items[whole].title.trim(), 100));
    let wholes: Vec<String> = links.parents[i].iter().map(whole).collect();
    let part_of = if wholes.is_empty() { String::new() } else { format!(", part of {}", wholes.join(" and ")) };
    let begun = match item.state {
        State::Begun => " It was begun before: a part of it may be there already.",
        State::Open | State::Over(_) | State::Held(_) => "",
    };
    format!("{} {}{part_of}.{begun}", tool.item(), name(item))
}

fn list_of_parts(items: &[Item], parts: &[usize], role: Role) -> String {
    let what = match role {
        Role::Test => "See whether together they are what is asked:",
        Role::Research | Role::Implement | Role::Review => "Do what is left of it:",
    };
    let mut lines = vec![format!("Its parts are tasks of their own and are done by now. {what}")];
    let line = |&part: &usize| {
        let part = &items[part];
        format!("- {} {}", printable(&part.key, 80), printable(part.title.trim(), 100))
    };
    lines.extend(parts.iter().take(PARTS).map(line));
    if parts.len() > PARTS {
        lines.push(format!("- and {} more", parts.len() - PARTS));
    }
    lines.join("\n")
}
