//! What is drawn of a plan, whatever language it is written in: boxes, arrows, batches, the longest chain.

use super::{Graph, Mark, batch_name};
use crate::plan::{Plan, Role};
use crate::text;

/// Most characters of a title in a box.
const TITLE: usize = 100;

/// A graph and what its tasks are called.
#[derive(Debug, Clone)]
pub struct Drawing<'a> {
    pub(super) graph: Graph,
    pub(super) items: Vec<Item<'a>>,
}

/// One task, as it is drawn.
#[derive(Debug, Clone)]
pub struct Item<'a> {
    /// Its id in the plan.
    pub id: &'a str,
    /// One line for people.
    pub title: &'a str,
    /// What kind of work it is.
    pub role: Role,
    /// How it stands; none before a run.
    pub stand: Option<Stand>,
}

/// How a task of a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    /// How far it is.
    pub status: &'static str,
    /// What its checks proved, once it succeeded.
    pub verdict: Option<&'static str>,
    /// Both as a colour.
    pub mark: Mark,
}

/// Boxes and arrows: of tasks in their batches, or one box for each batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picture {
    pub(super) boxes: Vec<Shown>,
    /// Boxes that are framed together, with the frame's words.
    pub(super) frames: Vec<(String, Vec<u32>)>,
    pub(super) arrows: Vec<Arrow>,
}

/// One box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// Raw words of strangers among them: each language escapes them by its own rules.
    pub(super) lines: Vec<String>,
    pub(super) mark: Option<Mark>,
    pub(super) is_critical: bool,
}

/// From a box to one that waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrow {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) is_critical: bool,
}

impl<'a> Drawing<'a> {
    /// The drawing of `graph`, whose tasks are `items` in the plan's order.
    pub fn new(graph: Graph, items: Vec<Item<'a>>) -> Self {
        Self { graph, items }
    }

    /// The drawing of a plan that nobody has run.
    pub fn of(plan: &'a Plan) -> Result<Self, super::Unsound> {
        let items = plan.tasks.iter().map(|task| Item {
            id: task.id.as_str(),
            title: &task.title,
            role: task.role,
            stand: None,
        });
        Ok(Self::new(Graph::of(plan)?, items.collect()))
    }

    /// How many tasks it has.
    pub fn tasks(&self) -> usize {
        self.items.len()
    }

    /// How many edges it has.
    pub fn edges(&self) -> usize {
        (0u32..).take(self.graph.len()).map(|task| self.graph.deps(task).len()).sum()
    }

    /// Every task a box, framed by batches.
    pub fn picture(&self) -> Picture {
        let path = self.graph.critical_path();
        let mut next_on_path = vec![None; self.graph.len()];
        let mut is_critical = vec![false; self.graph.len()];
        for (at, &task) in path.iter().enumerate() {
            is_critical[task as usize] = true;
            next_on_path[task as usize] = path.get(at + 1).copied();
        }
        let boxes = self.items.iter().zip(is_critical).map(|(item, is_critical)| Shown {
            lines: item.lines(),
            mark: item.stand.map(|stand| stand.mark),
            is_critical,
        });
        let batches = self.graph.batches();
        let frames = batches.into_iter().enumerate().map(|(at, batch)| (frame(at, batch.len()), batch));
        let arrows = (0u32..).take(self.graph.len()).flat_map(|from| {
            let on_path = next_on_path[from as usize];
            let to = self.graph.dependents(from).iter();
            to.map(move |&to| Arrow { from, to, is_critical: on_path == Some(to) })
        });
        Picture { boxes: boxes.collect(), frames: frames.collect(), arrows: arrows.collect() }
    }

    /// Every batch a box, one after the other: for plans of more tasks than a picture can show. Of more than `most`
    /// batches the last box stands for all that remain.
    pub fn picture_of_batches(&self, most: usize) -> Picture {
        let batches = self.graph.batches();
        let shown = if batches.len() > most { most.saturating_sub(1) } else { batches.len() };
        let mut boxes: Vec<Shown> =
            batches[..shown].iter().enumerate().map(|(at, batch)| self.batch(at, batch)).collect();
        let rest: Vec<u32> = batches[shown..].concat();
        if !rest.is_empty() {
            let name = format!("{} to {}", batch_name(shown), batch_name(batches.len() - 1));
            boxes.push(self.together(name, &rest));
        }
        let last = u32::try_from(boxes.len()).unwrap_or(u32::MAX);
        let arrows = (1..last).map(|to| Arrow { from: to - 1, to, is_critical: false }).collect();
        Picture { boxes, frames: Vec::new(), arrows }
    }

    fn batch(&self, at: usize, tasks: &[u32]) -> Shown {
        self.together(batch_name(at), tasks)
    }

    fn together(&self, name: String, tasks: &[u32]) -> Shown {
        let mut lines = vec![name, text::count(tasks.len(), "task")];
        let marks = || tasks.iter().filter_map(|&task| Some(self.items.get(task as usize)?.stand?.mark));
        let said: Vec<String> = Mark::ALL
            .into_iter()
            .map(|mark| (marks().filter(|found| *found == mark).count(), mark))
            .filter(|(n, _)| *n > 0)
            .map(|(n, mark)| format!("{n} {}", mark.as_str()))
            .collect();
        if !said.is_empty() {
            lines.push(said.join(", "));
        }
        Shown { lines, mark: marks().min(), is_critical: false }
    }
}

impl Item<'_> {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.id.to_owned()];
        let title = text::printable(self.title.trim(), TITLE);
        if !title.is_empty() && title != self.id {
            lines.push(title);
        }
        lines.push(match &self.stand {
            None => self.role.to_string(),
            Some(Stand { status, verdict: None, .. }) => format!("{}, {status}", self.role),
            Some(Stand { status, verdict: Some(verdict), .. }) => format!("{}, {status}, {verdict}", self.role),
        });
        lines
    }
}

fn frame(at: usize, tasks: usize) -> String {
    let together = if tasks > 1 { ", independent" } else { "" };
    format!("{}, {}{together}", batch_name(at), text::count(tasks, "task"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The text that has everything a language could trip over.
    pub(crate) const HOSTILE: &str = "end \"q\" `c` #quot; &lt; <b> \\N [x] {y} (z) | ; %%{init: {}}%% \
                                      click t1 -->|a| b\r\n\u{1b}[31mstyle a:#1;\u{202e} 1. x — ﬂ°60¶ß $$x$$ */ ]]>";

    pub(crate) fn item(id: &'static str, title: &'static str, mark: Option<Mark>) -> Item<'static> {
        let stand = mark.map(|mark| Stand { status: mark.as_str(), verdict: None, mark });
        Item { id, title, role: Role::Implement, stand }
    }

    /// `find` before `fix` and `docs`, both before `end`.
    pub(crate) fn diamond(marks: [Option<Mark>; 4]) -> Drawing<'static> {
        let graph = Graph::from_edges(4, vec![(1, 0), (2, 0), (3, 1), (3, 2)]).unwrap();
        let titles = [("find", "Find it"), ("fix", HOSTILE), ("docs", ""), ("end", "end")];
        let items = titles.into_iter().zip(marks).map(|((id, title), mark)| item(id, title, mark));
        Drawing::new(graph, items.collect())
    }

    #[test]
    fn tasks_stand_in_their_batches_and_the_longest_chain_is_marked() {
        let picture = diamond([None; 4]).picture();
        let frames: Vec<(&str, &[u32])> = picture.frames.iter().map(|(name, of)| (name.as_str(), &of[..])).collect();
        assert_eq!(frames, [("B1, 1 task", &[0][..]), ("B2, 2 tasks, independent", &[1, 2]), ("B3, 1 task", &[3])]);
        let critical: Vec<(u32, u32)> =
            picture.arrows.iter().filter(|arrow| arrow.is_critical).map(|arrow| (arrow.from, arrow.to)).collect();
        assert_eq!(critical, [(0, 1), (1, 3)]);
        assert_eq!(picture.boxes.iter().map(|one| one.is_critical).collect::<Vec<_>>(), [true, true, false, true]);
        assert_eq!(picture.boxes[0].lines, ["find", "Find it", "implement"]);
        assert_eq!(picture.boxes[3].lines, ["end", "implement"], "a title that repeats the id is said once");
    }

    #[test]
    fn a_batch_is_as_its_worst_task() {
        let marks = [Mark::Verified, Mark::Failed, Mark::Verified, Mark::Skipped].map(Some);
        let picture = diamond(marks).picture_of_batches(60);
        assert_eq!(picture.boxes[1].lines, ["B2", "2 tasks", "1 failed, 1 verified"]);
        assert_eq!(
            picture.boxes.iter().map(|one| one.mark).collect::<Vec<_>>(),
            [Some(Mark::Verified), Some(Mark::Failed), Some(Mark::Skipped)]
        );
        assert_eq!(picture.arrows.len(), 2);
    }

    #[test]
    fn batches_that_do_not_fit_are_one_box() {
        let chain = Graph::from_edges(100, (1..100).map(|task| (task, task - 1)).collect()).unwrap();
        let drawing = Drawing::new(chain, vec![item("t", "", None); 100]);
        let picture = drawing.picture_of_batches(10);
        assert_eq!((picture.boxes.len(), picture.arrows.len()), (10, 9));
        assert_eq!(picture.boxes[9].lines, ["B10 to B100", "91 tasks"]);
        assert_eq!((drawing.tasks(), drawing.edges()), (100, 99));
    }
}
