//! beads issues: JSON objects, one to a line as `bd export` writes them, or in a list.

use std::collections::BTreeSet;

use super::item::{Item, Listing, Named, Spot, Tool};
use super::record::{Record, id};
use super::state::{Held, Over, State};
use crate::plan::fault::{Fault, Faults, Place, quoted};
use crate::plan::json::{Cause, Json, Reader, Trouble};
use crate::plan::model::Role;
use crate::plan::repair::{Repair, RepairKind};
use crate::plan::walk::{At, Walk};
use crate::text::printable;
use crate::time::Timestamp;

/// The issues of a text that has one to a line.
pub(super) fn of_lines(text: &str, part: Option<&str>, now: Timestamp) -> Result<Listing, Faults> {
    no_parts(part)?;
    let mut issues = Issues::new(Vec::new(), now);
    let body = text.trim_start_matches('\u{feff}');
    if body.len() < text.len() {
        issues.walk.repair(RepairKind::ByteOrderMark, "$", RepairKind::ByteOrderMark.note());
    }
    let lines = (1u32..).zip(body.lines()).filter(|(_, line)| !line.trim().is_empty());
    for (index, (number, line)) in lines.enumerate() {
        let path = format!("$[{index}]");
        match read(line, &path, number) {
            Ok(json) => issues.take((path, json), Some(Place { line: number, column: 1 })),
            Err(fault) => issues.walk.faults.push(fault),
        }
    }
    Ok(issues.listing())
}

/// The issues of a list, or one alone.
pub(super) fn of_list(json: Json, part: Option<&str>, repairs: Vec<Repair>, now: Timestamp) -> Result<Listing, Faults> {
    no_parts(part)?;
    let mut issues = Issues::new(repairs, now);
    match json {
        list @ Json::List(_) => {
            for at in issues.walk.list(Some(("$".to_owned(), list))) {
                issues.take(at, None);
            }
        }
        one => issues.take(("$".to_owned(), one), None),
    }
    Ok(issues.listing())
}

fn no_parts(part: Option<&str>) -> Result<(), Faults> {
    let Some(part) = part else { return Ok(()) };
    let message = format!("beads issues have no tags; {} names nothing in it", quoted(&format!("#{part}")));
    Err(Fault::new("$", message).hint("leave it away").into())
}

/// The one value of a line.
fn read(line: &str, path: &str, number: u32) -> Result<Json, Fault> {
    let mut reader = Reader::new(line, 0, line.trim_end().len());
    let at = |bytes: usize| {
        let before = line.get(..bytes).unwrap_or(line).chars().count();
        Place { line: number, column: u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1) }
    };
    if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| line.starts_with(mark)) {
        let fault = Fault::new(path, "a merge left its marks here: this line is no issue").at(at(0));
        return Err(fault.hint("resolve the conflict, or export the issues again"));
    }
    let read = reader.value().and_then(|json| reader.at_end().map(|ended| (json, ended)));
    match read {
        Ok((json @ Json::Object(_), true)) => Ok(json),
        Ok((other, true)) => {
            Err(Fault::new(path, format!("expected an issue as an object, found {}", other.kind())).at(at(0)))
        }
        Ok((_, false)) => Err(Fault::new(path, "there is more on the line than one issue")
            .at(at(reader.at))
            .hint("issues stand one to a line")),
        Err(trouble) => Err(unreadable(&trouble, path).at(at(trouble.at))),
    }
}

fn unreadable(trouble: &Trouble, path: &str) -> Fault {
    let below = trouble.path();
    let path = format!("{path}{}", below.strip_prefix('$').unwrap_or_default());
    match &trouble.cause {
        Cause::Cut => Fault::new(path, "the line ends before its issue does: it was cut")
            .hint("nothing of a cut list is used; export it again"),
        Cause::Duplicate(key) => Fault::new(path, format!("the key {} stands twice in one object", quoted(key))),
        Cause::TooDeep => Fault::new(path, "nested too deep"),
        Cause::Syntax(what) => Fault::new(path, what.clone()),
    }
}

struct Issues {
    walk: Walk,
    now: Timestamp,
    items: Vec<Item>,
    /// Kinds of links that order nothing, and of records that are no issues.
    links: BTreeSet<String>,
    records: BTreeSet<String>,
}

impl Issues {
    fn new(repairs: Vec<Repair>, now: Timestamp) -> Self {
        let walk = Walk { repairs, ..Walk::default() };
        Self { walk, now, items: Vec::new(), links: BTreeSet::new(), records: BTreeSet::new() }
    }

    fn listing(mut self) -> Listing {
        for (kinds, what) in [(&self.links, "links that order nothing"), (&self.records, "records that are no issues")]
        {
            if !kinds.is_empty() {
                let kinds: Vec<String> = kinds.iter().map(|kind| quoted(kind)).collect();
                let note = format!("{what}: {}", kinds.join(", "));
                self.walk.repair(RepairKind::PassedOver, "$", note);
            }
        }
        Listing {
            tool: Tool::Beads,
            title: "beads issues".to_owned(),
            goal: "What is open of the beads issues".to_owned(),
            items: self.items,
            spot: Spot { path: "$".to_owned(), place: None },
            faults: self.walk.faults,
            repairs: self.walk.repairs,
        }
    }

    /// Takes an issue; its faults and repairs get the line it stands on.
    fn take(&mut self, at: At, place: Option<Place>) {
        let (faults, repairs) = (self.walk.faults.len(), self.walk.repairs.len());
        let item = self.item(at, place);
        self.items.extend(item);
        self.walk.faults.since(faults).iter_mut().for_each(|fault| fault.place = place);
        self.walk.repairs.iter_mut().skip(repairs).for_each(|repair| repair.place = place);
    }

    fn item(&mut self, at: At, place: Option<Place>) -> Option<Item> {
        let mut record = Record::of(&mut self.walk, at)?;
        if let Some(kind) = record.text(&mut self.walk, &["_type"])
            && kind != "issue"
        {
            self.records.insert(printable(&kind, 40));
            return None;
        }
        let spot = Spot { path: record.path.clone(), place };
        let key = record.id(&mut self.walk);
        let kind = record.text(&mut self.walk, &["issue_type"]).unwrap_or_default();
        let mut state = self.state(&mut record, &kind);
        let rank = record.take(&["priority"]).and_then(|at| self.priority(at)).unwrap_or(2);
        let title = self.title(&mut record, key.as_deref());
        let (parents, waits) = self.edges(&mut record, place, &mut state);
        let sections = self.sections(&mut record);
        let (alone, whole) = self.roles(&mut record, &kind);
        Some(Item { key: key?, spot, title, state, rank, parents, waits, sections, alone, whole })
    }

    fn state(&mut self, record: &mut Record, kind: &str) -> State {
        let state = record.text(&mut self.walk, &["status"]).map_or(State::Open, |word| State::of(&word));
        let until = record.text(&mut self.walk, &["defer_until"]).and_then(|at| at.parse::<Timestamp>().ok());
        let is_no_work = record.is_set("pinned") || record.is_set("is_template") || matches!(kind, "message" | "event");
        if state.is_over() {
            return state;
        }
        if is_no_work {
            return State::Over(Over::NotWork);
        }
        if kind == "gate" {
            return State::Held(Held::Gate);
        }
        if until.is_some_and(|until| until > self.now) {
            return State::Held(Held::Deferred);
        }
        state
    }

    fn title(&mut self, record: &mut Record, key: Option<&str>) -> String {
        if let Some(title) = record.text(&mut self.walk, &["title"]) {
            return title;
        }
        let note = "the title was taken from the id";
        self.walk.repair(RepairKind::Filled, format!("{}.title", record.path), note);
        key.unwrap_or_default().to_owned()
    }

    fn priority(&mut self, (path, json): At) -> Option<u32> {
        match json {
            Json::Number(digits) if digits.parse::<u32>().is_ok() => digits.parse().ok(),
            other => {
                self.walk.expected(&path, "a priority from 0 to 4", &other);
                None
            }
        }
    }

    /// What it is part of, and what it waits for. Other links tell where it comes from, and order nothing.
    fn edges(&mut self, record: &mut Record, place: Option<Place>, state: &mut State) -> (Vec<Named>, Vec<Named>) {
        let (mut parents, mut waits) = (Vec::new(), Vec::new());
        for at in self.walk.list(record.take(&["dependencies"])) {
            let (path, kind, on) = match at {
                (path, Json::Object(entries)) => {
                    let Some(mut link) = Record::of(&mut self.walk, (path.clone(), Json::Object(entries))) else {
                        continue;
                    };
                    let kind = link.text(&mut self.walk, &["type", "dependency_type"]);
                    let Some(on) = link.take(&["depends_on_id", "id"]) else {
                        self.walk.fault(format!("{path}.depends_on_id"), "the dependency does not say on what");
                        continue;
                    };
                    (path, kind, on)
                }
                other => (other.0.clone(), None, other),
            };
            let Some(on) = id(&mut self.walk, on) else { continue };
            let named = Named { keys: vec![on], spot: Spot { path, place } };
            match kind.as_deref().unwrap_or("blocks") {
                "blocks" | "waits-for" => waits.push(named),
                "parent-child" => parents.push(named),
                "conditional-blocks" => {
                    if state.is_open() {
                        *state = State::Held(Held::AfterFailure);
                    }
                }
                other => {
                    self.links.insert(printable(other, 40));
                }
            }
        }
        (parents, waits)
    }

    fn sections(&mut self, record: &mut Record) -> Vec<(&'static str, String)> {
        [("", "description"), ("Design", "design"), ("It is done when", "acceptance_criteria"), ("Notes", "notes")]
            .into_iter()
            .filter_map(|(heading, name)| Some((heading, record.prose(&mut self.walk, &[name])?)))
            .collect()
    }

    /// The role without and with parts. Only an explicit word makes it another than the usual one: a task that may not
    /// write and should have fails, one that may and need not does no harm.
    fn roles(&mut self, record: &mut Record, kind: &str) -> (Role, Role) {
        let labels = self.walk.list(record.take(&["labels"]));
        let labels: Vec<String> = labels.into_iter().filter_map(|at| self.walk.text(Some(at))).collect();
        let said = labels.iter().filter_map(|label| label.strip_prefix("role:")).find_map(|word| {
            let word = word.trim();
            Role::ALL.into_iter().find(|role| role.as_str() == word)
        });
        if let Some(role) = said {
            return (role, role);
        }
        match kind {
            "spike" => (Role::Research, Role::Research),
            "epic" | "molecule" => (Role::Implement, Role::Test),
            // It marks that others are done, and is no work itself.
            "milestone" => (Role::Test, Role::Test),
            _ => (Role::Implement, Role::Implement),
        }
    }
}
