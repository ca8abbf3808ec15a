//! From blocks to the work a ticket lists, and to what must hold at its end.

use super::markdown::Block;
use super::sections::{Purpose, label, purpose};
use super::{ItemKind, WorkItem, title};

/// Deeper lists are taken as this deep, so that no later step needs to fear a tower of items.
const MAX_DEPTH: usize = 8;
/// Criteria are named one by one in the plan: beyond this they are no longer criteria.
const MAX_CRITERIA: usize = 200;

/// Work items and acceptance criteria of a ticket.
pub(super) fn collect(blocks: &[Block<'_>]) -> (Vec<WorkItem>, Vec<String>) {
    let mut walk = Walk {
        heads: Vec::new(),
        labelled: None,
        work: Vec::new(),
        loose: Vec::new(),
        criteria: Vec::new(),
        expects: false,
    };
    let has_sections = blocks.iter().any(|block| matches!(block, Block::Heading { .. }));
    for block in blocks {
        walk.block(block);
    }
    // A list in a ticket without any heading is the work: there is nothing else it could be.
    let flat = if walk.work.is_empty() && !has_sections { walk.loose } else { walk.work };
    (nest(flat), walk.criteria)
}

/// An item before nesting.
struct Flat {
    level: usize,
    kind: ItemKind,
    done: bool,
    boxed: bool,
    text: String,
}

struct Walk {
    /// The headings we are under, from the outermost, with their level and purpose.
    heads: Vec<(usize, Purpose)>,
    /// What the paragraph just above announced, until the next paragraph or heading.
    labelled: Option<Purpose>,
    work: Vec<Flat>,
    loose: Vec<Flat>,
    criteria: Vec<String>,
    /// An "Expected" heading was just read, and its text not yet.
    expects: bool,
}

impl Walk {
    fn block(&mut self, block: &Block<'_>) {
        match block {
            Block::Heading { level, text } => self.heading(*level, text),
            Block::Prose { text } => self.prose(text),
            Block::Item { level, kind, ticked, text } => {
                let (done, boxed) = (*ticked == Some(true), ticked.is_some());
                self.item(Flat { level: *level, kind: *kind, done, boxed, text: plain(text) });
            }
            Block::Code { .. } | Block::Diff { .. } => {}
        }
    }

    fn now(&self) -> Purpose {
        self.labelled.or(self.heads.last().map(|(_, purpose)| *purpose)).unwrap_or(Purpose::Unknown)
    }

    fn heading(&mut self, level: usize, text: &str) {
        self.heads.retain(|(above, _)| *above < level);
        self.labelled = None;
        let own = purpose(text);
        let above = self.now();
        if own == Purpose::Unknown && above == Purpose::Work {
            let depth = self.work_depth();
            self.work.push(Flat {
                level: depth,
                kind: ItemKind::Heading,
                done: false,
                boxed: false,
                text: plain(text),
            });
        }
        // A heading that says nothing by itself goes on with what the one above it announced.
        let meant = if own == Purpose::Unknown { above } else { own };
        self.heads.push((level, meant));
        self.expects = own == Purpose::Expected;
    }

    fn prose(&mut self, text: &str) {
        self.labelled = None;
        if std::mem::take(&mut self.expects) {
            self.criterion(&title::line(text));
        }
        for line in text.lines() {
            if let Some((name, rest)) = line.split_once(": ")
                && name.len() <= 60
                && matches!(purpose(name), Purpose::Expected | Purpose::Criteria)
            {
                self.criterion(rest.trim_matches('*').trim());
            }
        }
        if let Some(label) = label(text) {
            let announced = purpose(label);
            self.labelled = Some(announced).filter(|announced| *announced != Purpose::Unknown);
        }
    }

    fn item(&mut self, flat: Flat) {
        if flat.text.is_empty() {
            return;
        }
        match self.now() {
            Purpose::Work => {
                let level = flat.level + self.work_depth();
                self.work.push(Flat { level, ..flat });
            }
            Purpose::Criteria | Purpose::Expected if flat.boxed && is_declaration(&flat.text) => {}
            Purpose::Criteria | Purpose::Expected => {
                self.expects = false;
                self.criterion(&flat.text);
            }
            Purpose::Report => {}
            Purpose::Unknown if flat.boxed && !is_declaration(&flat.text) => self.work.push(flat),
            Purpose::Unknown if flat.boxed => {}
            Purpose::Unknown => self.loose.push(flat),
        }
    }

    /// How deep the headings put an item of the current list: one for each that is itself work.
    fn work_depth(&self) -> usize {
        if self.labelled.is_some() {
            return 0;
        }
        self.heads.iter().filter(|(_, purpose)| *purpose == Purpose::Work).count().saturating_sub(1)
    }

    fn criterion(&mut self, text: &str) {
        if !text.is_empty() && self.criteria.len() < MAX_CRITERIA && !self.criteria.iter().any(|known| known == text) {
            self.criteria.push(text.to_owned());
        }
    }
}

/// Whether a box only declares something about who wrote the ticket, as issue forms ask for.
fn is_declaration(text: &str) -> bool {
    let lower = text.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    ["i ", "i've ", "i’ve ", "i'm ", "i’m ", "i'd ", "i’d ", "my ", "we agree", "yes", "no"].iter().any(|start| {
        lower.starts_with(start) && (start.ends_with(' ') || !lower[start.len()..].starts_with(char::is_alphanumeric))
    })
}

/// `text` on one line without the marks of bold type.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace("**", "")
}

/// Builds the tree from levels, where a jump by several levels counts as one.
fn nest(flat: Vec<Flat>) -> Vec<WorkItem> {
    let mut roots: Vec<WorkItem> = Vec::new();
    let mut open: Vec<(usize, WorkItem)> = Vec::new();
    for Flat { level, kind, done, boxed, text } in flat {
        while open.last().is_some_and(|(above, _)| *above >= level) || open.len() > MAX_DEPTH {
            close(&mut open, &mut roots);
        }
        open.push((level, WorkItem { text, done, boxed, kind, depth: open.len(), children: Vec::new() }));
    }
    while !open.is_empty() {
        close(&mut open, &mut roots);
    }
    roots
}

fn close(open: &mut Vec<(usize, WorkItem)>, roots: &mut Vec<WorkItem>) {
    if let Some((_, item)) = open.pop() {
        open.last_mut().map_or(roots, |(_, parent)| &mut parent.children).push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::super::markdown::blocks;
    use super::*;

    fn outline(items: &[WorkItem]) -> String {
        let mut out = String::new();
        for item in items {
            let mark = if item.done { "x" } else { "-" };
            out.extend([&"  ".repeat(item.depth), mark, " ", &item.text, "\n", &outline(&item.children)]);
        }
        out
    }

    #[test]
    fn work_sections_give_their_lists_and_their_headings() {
        let text = "# T\n## Changes\n### a.yml\n- **Before**: x\n- After\n  - more\n### b.yml\n## Notes\n- no\n## Tasks\n1. first\n2. [x] second\n";
        let (items, criteria) = collect(&blocks(text));
        assert_eq!(outline(&items), "- a.yml\n  - Before: x\n  - After\n    - more\n- b.yml\n- first\nx second\n");
        assert!(criteria.is_empty());
    }

    #[test]
    fn boxes_count_anywhere_unless_they_declare_or_report() {
        let text = "- [x] I have searched\n- [ ] do it\n## Platforms\n- [ ] iOS\n## Code of Conduct\n- [X] I agree\n";
        assert_eq!(outline(&collect(&blocks(text)).0), "- do it\n");
    }

    #[test]
    fn without_headings_a_list_is_the_work_unless_it_is_labelled_otherwise() {
        let text = "Please:\n- a\n- b\n\nSteps to reproduce:\n1. run\n\nAcceptance criteria:\n- c holds\n";
        let (items, criteria) = collect(&blocks(text));
        assert_eq!(outline(&items), "- a\n- b\n");
        assert_eq!(criteria, ["c holds"]);
    }

    #[test]
    fn what_was_expected_is_a_criterion() {
        let text = "### Expected behavior\n\nIt works.\n\nMore.\n\n## Other\nExpected result: as before\n";
        assert_eq!(collect(&blocks(text)).1, ["It works.", "as before"]);
        let text = "### Expected\n\n- 2.5\n- [x] I have searched for duplicates\n";
        assert_eq!(collect(&blocks(text)).1, ["2.5"], "who wrote it declares something, and asks for nothing");
    }

    #[test]
    fn a_tower_of_items_stays_low() {
        let text: String = (0..500).flat_map(|n| ["  ".repeat(n), "- [ ] item\n".to_owned()]).collect();
        let (items, _) = collect(&blocks(&text));
        let (mut deepest, mut level) = (0, &items);
        while let Some(last) = level.last() {
            (deepest, level) = (last.depth, &last.children);
        }
        assert!(deepest <= MAX_DEPTH);
    }
}
