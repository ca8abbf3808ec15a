//! Taskmaster's `tasks.json`: one list, one list per tag, or the bare list; tasks hold subtasks.

use super::item::{Item, Listing, Named, Spot, Tool};
use super::recognise::is_tag;
use super::record::{Record, id};
use super::state::State;
use crate::plan::fault::{Fault, Faults, nearest, quoted};
use crate::plan::json::Json;
use crate::plan::model::Role;
use crate::plan::repair::{Repair, RepairKind};
use crate::plan::walk::{At, Walk};
use crate::text::printable;

/// The tag that Taskmaster itself takes when none is named.
const MASTER: &str = "master";

/// The tasks of the file, or of the tag that is meant.
pub(super) fn listing(json: Json, part: Option<&str>, repairs: Vec<Repair>) -> Result<Listing, Faults> {
    let mut walk = Walk { repairs, ..Walk::default() };
    let chosen = choose(json, part, &mut walk)?;
    let mut items = Vec::new();
    let path = chosen.tasks.0.clone();
    let mut keys = Vec::new();
    for at in walk.list(Some(chosen.tasks)) {
        take(&mut walk, at, &mut keys, 2, &mut items);
    }
    let title = chosen.title.unwrap_or_else(|| match &chosen.tag {
        Some(tag) => format!("Taskmaster tasks: {}", printable(tag, 80)),
        None => "Taskmaster tasks".to_owned(),
    });
    let goal = chosen.goal.unwrap_or_else(|| format!("What is open of: {title}"));
    let spot = Spot { path, place: None };
    Ok(Listing { tool: Tool::Taskmaster, title, goal, items, spot, faults: walk.faults, repairs: walk.repairs })
}

struct Chosen {
    tasks: At,
    tag: Option<String>,
    title: Option<String>,
    goal: Option<String>,
}

fn choose(json: Json, part: Option<&str>, walk: &mut Walk) -> Result<Chosen, Faults> {
    let entries = match json {
        Json::Object(entries) if entries.iter().any(|(key, _)| key == "tasks") => {
            no_tags(part)?;
            let mut root = Record::of(walk, ("$".to_owned(), Json::Object(entries)));
            let (tasks, title, goal) = root.as_mut().map_or((None, None, None), |root| about(root, walk));
            let tasks = tasks.unwrap_or_else(|| ("$.tasks".to_owned(), Json::List(Vec::new())));
            return Ok(Chosen { tasks, tag: None, title, goal });
        }
        Json::Object(entries) => entries,
        list => {
            no_tags(part)?;
            return Ok(Chosen { tasks: ("$".to_owned(), list), tag: None, title: None, goal: None });
        }
    };
    let mut tags: Vec<(String, Json)> =
        entries.into_iter().filter(|(_, tag)| is_tag(tag) || tag.get("tasks").is_some()).collect();
    let names: Vec<String> = tags.iter().map(|(name, _)| name.clone()).collect();
    let at = tag_of(&names, part, walk)?;
    let (name, tag) = tags.swap_remove(at);
    let path = format!("$.{}", printable(&name, 80));
    let mut root = Record::of(walk, (path.clone(), tag));
    let (tasks, title, goal) = root.as_mut().map_or((None, None, None), |root| about(root, walk));
    let tasks = tasks.unwrap_or_else(|| (format!("{path}.tasks"), Json::List(Vec::new())));
    Ok(Chosen { tasks, tag: Some(name), title, goal })
}

/// The tasks under a root, and what its metadata says of them.
fn about(root: &mut Record, walk: &mut Walk) -> (Option<At>, Option<String>, Option<String>) {
    let tasks = root.take(&["tasks"]);
    // Nobody relies on what is in there, so what is odd about it is no fault.
    let metadata = root.take(&["metadata", "meta"]).filter(|(_, json)| matches!(json, Json::Object(_)));
    let mut metadata = metadata.and_then(|at| Record::of(walk, at));
    let mut word = |names: &[&str]| match metadata.as_mut()?.take(names)? {
        (_, Json::Text(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        _ => None,
    };
    let title = word(&["projectName"]);
    // What Taskmaster writes into every new tag says nothing.
    let goal = word(&["description"]).filter(|text| !(text.starts_with("Tasks for ") && text.ends_with(" context")));
    (tasks, title, goal)
}

fn no_tags(part: Option<&str>) -> Result<(), Faults> {
    let Some(part) = part else { return Ok(()) };
    let message = format!("the file has one list and no tags; {} names nothing in it", quoted(&format!("#{part}")));
    Err(Fault::new("$", message).hint("leave it away").into())
}

/// Which tag: the one that is named, the only one, else `master`.
fn tag_of(names: &[String], part: Option<&str>, walk: &mut Walk) -> Result<usize, Faults> {
    let list = || names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let choose = || {
        let example = names.first().map_or("TAG", String::as_str);
        format!("name one behind the file, as in FILE#{}", printable(example, 80))
    };
    if let Some(part) = part {
        return names.iter().position(|name| name == part).ok_or_else(|| {
            let fault = Fault::new("$", format!("there is no tag {}; the tags are {}", quoted(part), list()));
            let meant = nearest(part, names.iter().map(String::as_str));
            fault.hint(meant.map_or_else(choose, |meant| format!("did you mean {}?", quoted(meant)))).into()
        });
    }
    if names.len() == 1 {
        return Ok(0);
    }
    let Some(master) = names.iter().position(|name| name == MASTER) else {
        let message = format!("the file has {} tags, and which is meant cannot be told: {}", names.len(), list());
        return Err(Fault::new("$", message).hint(choose()).into());
    };
    let others: Vec<String> = names.iter().filter(|name| *name != MASTER).map(|name| quoted(name)).collect();
    let note = format!("the tag `{MASTER}` was taken; FILE#TAG takes another of {}", others.join(", "));
    walk.repair(RepairKind::TagChosen, "$", note);
    Ok(master)
}

/// Takes a task and all below it; parts stand before their whole. `keys` are those of what it is in.
fn take(walk: &mut Walk, at: At, keys: &mut Vec<String>, rank: u32, items: &mut Vec<Item>) {
    let Some(mut record) = Record::of(walk, at) else { return };
    let own = record.id(walk);
    let spot = Spot { path: record.path.clone(), place: None };
    let rank = record.take(&["priority"]).map_or(rank, |at| priority(walk, at).unwrap_or(rank));
    let state = status(walk, &mut record);
    let title = title(walk, &mut record, own.as_deref());
    let waits = walk.list(record.take(&["dependencies"]));
    let waits: Vec<Named> = waits.into_iter().filter_map(|at| named(walk, at, keys)).collect();
    let sections = sections(walk, &mut record);
    let subtasks = walk.list(record.take(&["subtasks"]));
    // Without an id it is a fault by now; the rest is judged all the same.
    let key = whole_key(keys.last().map(String::as_str), own.as_deref().unwrap_or_default());
    let parents = keys.last().map(|parent| Named { keys: vec![parent.clone()], spot: spot.clone() });
    keys.push(key.clone());
    for at in subtasks {
        take(walk, at, keys, rank, items);
    }
    keys.pop();
    if own.is_none() {
        return;
    }
    let parents = parents.into_iter().collect();
    items.push(Item {
        key,
        spot,
        title,
        state,
        rank,
        parents,
        waits,
        sections,
        alone: Role::Implement,
        whole: Role::Test,
    });
}

/// A subtask's id is only its own within its task; one that begins with that task's stands for itself.
fn whole_key(parent: Option<&str>, own: &str) -> String {
    match parent {
        Some(parent) => match own.strip_prefix(parent) {
            Some(rest) if rest.starts_with(['.', '-']) => own.to_owned(),
            Some(_) | None => format!("{parent}.{own}"),
        },
        None => own.to_owned(),
    }
}

/// A bare number in a subtask is one beside it, as in Taskmaster; any other id may also be one further out.
fn named(walk: &mut Walk, at: At, keys: &[String]) -> Option<Named> {
    let spot = Spot { path: at.0.clone(), place: None };
    let own = id(walk, at)?;
    let Some(beside) = keys.last() else { return Some(Named { keys: vec![own], spot }) };
    let beside = format!("{beside}.{own}");
    let keys = if own.bytes().all(|b| b.is_ascii_digit()) {
        vec![beside]
    } else {
        let mut all = vec![beside];
        all.extend(keys.iter().rev().skip(1).map(|outer| format!("{outer}.{own}")));
        // The last is what is named when none is there.
        all.push(own);
        all
    };
    Some(Named { keys, spot })
}

fn status(walk: &mut Walk, record: &mut Record) -> State {
    record.text(walk, &["status"]).map_or(State::Open, |word| State::of(&word))
}

fn title(walk: &mut Walk, record: &mut Record, own: Option<&str>) -> String {
    if let Some(title) = record.text(walk, &["title", "name"]) {
        return title;
    }
    let id = own.unwrap_or_default();
    walk.repair(RepairKind::Filled, format!("{}.title", record.path), "the title was taken from the id");
    id.to_owned()
}

fn priority(walk: &mut Walk, at: At) -> Option<u32> {
    let word = walk.text(Some(at))?;
    Some(match word.to_ascii_lowercase().as_str() {
        "critical" | "highest" => 0,
        "high" => 1,
        "low" => 3,
        "lowest" => 4,
        // Medium, and words of people's own.
        _ => 2,
    })
}

fn sections(walk: &mut Walk, record: &mut Record) -> Vec<(&'static str, String)> {
    [
        ("", &["description"][..]),
        ("Details", &["details"]),
        ("It is done when", &["acceptanceCriteria", "acceptance_criteria"]),
        ("How it is tested", &["testStrategy", "test_strategy"]),
    ]
    .into_iter()
    .filter_map(|(heading, names)| Some((heading, record.prose(walk, names)?)))
    .collect()
}
