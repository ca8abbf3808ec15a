//! What a scripted planner proposes for the sake of a task that has failed for good, and the tasks that come of it.

use super::script::{Does, Script, Setup, plan_of, task_id};
use super::world::{Sim, World, event};
use crate::event::{Event, Kind, PlanRevised, Usage};
use crate::ids::TaskId;
use crate::plan::{OnInterrupt, PlanPatch, Role, RunIf, Task};

/// What a planner answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proposes {
    /// A new task in the place of the one that failed.
    Mend,
    /// To do without it, and without what only it was for.
    Drop,
    /// As `Mend`, but it changes the task that failed, too.
    Meddle,
    /// Nothing that is a patch.
    Nonsense,
    /// Nothing at all.
    Nothing,
}

impl Proposes {
    pub const ALL: [Self; 5] = [Self::Mend, Self::Drop, Self::Meddle, Self::Nonsense, Self::Nothing];

    /// The proposal as it was bought.
    pub fn text(self) -> String {
        format!("{self:?}")
    }

    /// The patch that a text stands for, in a world; none where it is no patch.
    pub fn patch(text: &str, world: &World, given_up: usize) -> Option<PlanPatch> {
        let proposes = Self::ALL.into_iter().find(|one| one.text() == text)?;
        let tasks = &world.setup.tasks;
        let open = |task: usize| !world.state.is_started(&task_id(task));
        let untold = |task: usize| world.journal.iter().all(|event| event.task != Some(task_id(task)));
        let waits = |task: usize| open(task) && tasks[task].deps.contains(&given_up);
        let mut changed = tasks.clone();
        let mut removed = Vec::new();
        match proposes {
            Self::Mend | Self::Meddle => {
                let deps = tasks[given_up].deps.clone();
                changed.push(Script::new(&deps, &world.setup.mends));
                for task in (0..tasks.len()).filter(|task| waits(*task)) {
                    changed[task].deps.retain(|dep| *dep != given_up);
                    changed[task].deps.push(tasks.len());
                }
            }
            Self::Drop => {
                for task in (0..tasks.len()).rev().filter(|task| waits(*task) && !tasks[*task].always) {
                    if task + 1 == changed.len() && untold(task) {
                        changed.pop();
                        removed.push(task_id(task));
                    } else {
                        changed[task].deps.retain(|dep| *dep != given_up);
                    }
                }
            }
            Self::Nonsense | Self::Nothing => return None,
        }
        let made = plan_of(&changed, world.setup.in_place).tasks.clone();
        let mut patch = PlanPatch::new("another way");
        for (task, made) in made.into_iter().enumerate() {
            match tasks.get(task) {
                None => patch.add.push(made),
                Some(old) if old.deps != changed[task].deps => patch.replace.push(made),
                Some(_) if task == given_up && proposes == Self::Meddle => {
                    patch.replace.push(Task { title: "another".to_owned(), ..made });
                }
                Some(_) => {}
            }
        }
        patch.remove = removed;
        Some(patch)
    }
}

/// The scripts of the plan in force, after all changes that the events tell of.
pub fn in_force<'a>(first: &Setup, events: impl IntoIterator<Item = &'a Event>) -> Setup {
    let mut setup = first.clone();
    for event in events {
        let Kind::PlanRevised(revised) = &event.kind else { continue };
        let patch = &revised.patch;
        for id in &patch.remove {
            assert_eq!(number(id) + 1, setup.tasks.len(), "only the last task is removed in this world");
            setup.tasks.pop();
        }
        for task in &patch.replace {
            let does = setup.tasks[number(&task.id)].does.clone();
            setup.tasks[number(&task.id)] = script(task, does);
        }
        for task in &patch.add {
            assert_eq!(number(&task.id), setup.tasks.len(), "a new task has the next number");
            let mends = setup.mends.clone();
            setup.tasks.push(script(task, mends));
        }
    }
    setup
}

fn script(task: &Task, does: Vec<Does>) -> Script {
    Script {
        deps: task.depends_on.iter().map(number).collect(),
        always: task.run_if == RunIf::Always,
        review: task.role == Role::Review,
        test: task.role == Role::Test,
        approval: task.approval,
        asks: task.on_interrupt == OnInterrupt::Ask,
        does,
    }
}

/// The number in a task's id.
pub fn number(id: &TaskId) -> usize {
    id.as_str()[1..].parse().unwrap()
}

impl World {
    /// The planner answers.
    pub fn planned(&mut self, task: usize, number: u32) -> Sim {
        self.busy.asking = false;
        let proposes = &self.setup.proposes;
        let proposes = proposes.get(number as usize - 1).or(proposes.last()).copied().unwrap_or(Proposes::Nothing);
        let kind = match proposes {
            Proposes::Nothing => Kind::PlanRejected { faults: vec!["nothing".to_owned()] },
            Proposes::Mend | Proposes::Drop | Proposes::Meddle | Proposes::Nonsense => {
                Kind::PlanProposed { round: number, text: proposes.text(), usage: Usage::default() }
            }
        };
        self.append(Some(task_id(task)), None, kind)
    }

    /// What was proposed is taken if it fits.
    pub fn patched(&mut self, task: usize, text: &str) -> Sim {
        self.busy.asking = false;
        let patch = Proposes::patch(text, self, task);
        let revised = patch.map(|patch| PlanRevised::new(self.state.revision() + 1, patch));
        let revised = revised.map(|revised| Kind::PlanRevised(Box::new(revised)));
        let taken = |kind: &Kind| {
            let event = event(self.state.seq + 1, self.now, Some(task_id(task)), None, kind.clone());
            self.state.clone().apply(&event).is_ok()
        };
        let kind = revised.filter(taken).unwrap_or(Kind::PlanRejected { faults: vec!["unsound".to_owned()] });
        self.append(Some(task_id(task)), None, kind)
    }
}
