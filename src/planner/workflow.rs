//! The workflows that are part of this program, by the names that a configuration gives them.

/// A built-in workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workflow {
    /// Research, then the work, then tests, then a review.
    Default,
    /// A plan, the code, a review; each leaves a file for the next.
    PlanCodeReview,
}

impl Workflow {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Default, Self::PlanCodeReview];
    /// Their names, in the same order.
    pub const NAMES: &[&str] = &["default", "plan-code-review"];

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|workflow| workflow.as_str() == name)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::PlanCodeReview => "plan-code-review",
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Default => include_str!("../../config/templates/default.yaml"),
            Self::PlanCodeReview => include_str!("../../config/templates/plan-code-review.yaml"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_its_workflow() {
        assert_eq!(Workflow::ALL.map(Workflow::as_str), Workflow::NAMES);
        assert!(Workflow::ALL.into_iter().all(|workflow| Workflow::named(workflow.as_str()) == Some(workflow)));
        assert_eq!(Workflow::named("nope"), None);
    }
}
