//! How many tasks at a time, where nobody said: what the machine can carry and the plan has a use for.

use crate::plan::Plan;

/// The most there can be.
const MOST: u32 = 64;
/// Agents mostly wait for answers: so many share a processor.
const PER_PROCESSOR: u32 = 2;
/// What an agent and the builds and tests that it starts may well take.
const MEMORY_EACH: u64 = 1 << 30;

/// What the machine has for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Means {
    /// Processors that this process may use.
    pub processors: usize,
    /// Bytes of memory that are free for it, where that can be known.
    pub memory: Option<u64>,
}

/// A number, and what decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Most tasks at a time; at least 1.
    pub jobs: u32,
    /// What it was decided by, for people.
    pub why: String,
}

/// Chooses for the tasks of `plan`, which work in place or else all share one workspace.
pub fn choose_jobs(plan: &Plan, in_place: bool, means: Means) -> Chosen {
    let one = |why: &str| Chosen { jobs: 1, why: why.to_owned() };
    if plan.tasks.len() == 1 {
        return one("the plan has one task");
    }
    if !in_place {
        return one("the tasks share one workspace, each going on from the result of the last");
    }
    if is_chain(plan) {
        return one("each task of the plan waits for the one before it");
    }
    // As in `decide`: in place, only tasks that say what they write may run beside each other.
    let free = plan.tasks.iter().filter(|task| !task.scope.write.is_empty()).count();
    if free < 2 {
        return one("the tasks work in one folder, and no two of them say what they write (`scope.write`)");
    }
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let processors = count(means.processors).max(1);
    let mut chosen = Chosen {
        jobs: processors.saturating_mul(PER_PROCESSOR),
        why: format!(
            "{processors} {}, {PER_PROCESSOR} tasks for each, since agents mostly wait for answers",
            if processors == 1 { "processor" } else { "processors" }
        ),
    };
    let mut at_most = |jobs: u32, why: String| {
        if jobs < chosen.jobs {
            chosen = Chosen { jobs, why };
        }
    };
    if let Some(memory) = means.memory {
        let fit = u32::try_from(memory / MEMORY_EACH).unwrap_or(u32::MAX).max(1);
        at_most(fit, format!("{} MiB of memory are free, and each task is given 1024", memory >> 20));
    }
    at_most(count(free), format!("{free} tasks of the plan can run in parallel"));
    at_most(MOST, "there are never more".to_owned());
    chosen
}

/// Whether no two tasks could ever run at the same time: on the longest way through the plan lie all of them.
fn is_chain(plan: &Plan) -> bool {
    crate::graph::Graph::of(plan).is_ok_and(|graph| graph.batches().iter().all(|batch| batch.len() == 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{PlanId, TaskId};
    use crate::plan::{Caps, Draft, Goal, OnInterrupt, PLAN_SCHEMA, Role, RunIf, Scope, Task, TaskLimits};
    use crate::time::Timestamp;

    /// Tasks of one folder each.
    const APART: &str = "out/";

    fn plan(tasks: usize, deps: impl Fn(usize) -> Vec<usize>, folder: &str) -> Plan {
        let id = |task: usize| TaskId::new(&format!("t{task}")).unwrap();
        let task = |task: usize| Task {
            id: id(task),
            title: "Step".to_owned(),
            role: Role::Implement,
            instructions: "Do it.".to_owned(),
            depends_on: deps(task).into_iter().map(id).collect(),
            scope: Scope {
                write: if folder.is_empty() { Vec::new() } else { vec![format!("{folder}{task}/**")] },
                ..Scope::default()
            },
            checks: None,
            artifacts: Vec::new(),
            approval: false,
            run_if: RunIf::Success,
            on_interrupt: OnInterrupt::Rerun,
            limits: TaskLimits::default(),
        };
        let draft = Draft {
            schema: PLAN_SCHEMA.to_owned(),
            plan_id: PlanId::new("OP-20261121-093312-A1B2").unwrap(),
            title: "a plan".to_owned(),
            goal: Goal::default(),
            created_at: Timestamp::default(),
            ticket: None,
            base: None,
            planned_by: None,
            tasks: (0..tasks).map(task).collect(),
            batches: Vec::new(),
        };
        draft.accept(&Caps::default()).unwrap()
    }

    fn chosen(plan: &Plan, processors: usize, gibibytes: Option<u64>) -> (u32, String) {
        let means = Means { processors, memory: gibibytes.map(|number| number << 30) };
        let Chosen { jobs, why } = choose_jobs(plan, true, means);
        (jobs, why)
    }

    #[test]
    fn the_scarcest_of_processors_memory_and_tasks_decides_and_is_named() {
        let wide = plan(200, |_| Vec::new(), APART);
        for (processors, memory, jobs, why) in [
            (4, Some(100), 8, "4 processors"),
            (1, None, 2, "1 processor,"),
            (0, None, 2, "1 processor,"),
            (8, Some(3), 3, "3072 MiB of memory"),
            (8, Some(0), 1, "0 MiB of memory"),
            (100, Some(1000), 64, "never more"),
        ] {
            let (chosen, said) = chosen(&wide, processors, memory);
            assert_eq!(chosen, jobs, "{said}");
            assert!(said.contains(why), "{said}");
        }
        let (jobs, why) = chosen(&plan(3, |_| Vec::new(), APART), 8, None);
        assert!(jobs == 3 && why.contains("3 tasks"), "{jobs}: {why}");
    }

    #[test]
    fn tasks_that_can_never_overlap_go_one_at_a_time() {
        let before = |task: usize| task.checked_sub(1).into_iter().collect();
        for (plan, why) in [
            (plan(1, |_| Vec::new(), APART), "one task"),
            (plan(5, before, APART), "waits for the one before"),
            (plan(5, |_| Vec::new(), ""), "scope.write"),
        ] {
            let (jobs, said) = chosen(&plan, 8, None);
            assert!(jobs == 1 && said.contains(why), "{jobs}: {said}");
        }
        let shared = choose_jobs(&plan(5, |_| Vec::new(), APART), false, Means { processors: 8, memory: None });
        assert!(shared.jobs == 1 && shared.why.contains("share one workspace"), "{shared:?}");
    }
}
