//! What the rest of the program asks of a configuration.

use super::rules::MAIN;
use super::shape::{Config, PlannerUse};
use crate::ids::{AgentName, ModelName};
use crate::plan::{Check, Role};

impl Config {
    /// The agent that does this kind of work.
    pub fn agent_of(&self, role: Role) -> &AgentName {
        match role {
            Role::Research => &self.roles.research,
            Role::Implement => &self.roles.implement,
            Role::Test => &self.roles.test,
            Role::Review => &self.roles.review,
        }
    }

    /// The model that plans, if it is for a model to plan.
    pub fn planning_model(&self) -> Option<&ModelName> {
        let chosen = self.planner.model.as_ref();
        let main = || self.models.keys().find(|name| name.as_str() == MAIN);
        match self.planner.r#use {
            PlannerUse::Template => None,
            PlannerUse::Auto | PlannerUse::Model => chosen.or_else(main),
        }
    }

    /// The configured checks, by name.
    pub fn checks(&self) -> Vec<Check> {
        let one = |(name, check): (&crate::ids::CheckName, &super::CheckSettings)| Check {
            name: name.clone(),
            run: check.run.clone(),
            timeout: check.timeout,
            expect: check.expect.unwrap_or_default(),
            kind: check.kind.unwrap_or_default(),
        };
        self.checks.iter().map(one).collect()
    }

    /// The whole as YAML. It holds no secrets, because none are taken in.
    pub fn to_yaml(&self) -> Result<String, serde_yaml::SerializeError> {
        serde_yaml::to_string(self)
    }
}
