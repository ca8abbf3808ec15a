//! What the prompts of a role add to the identity of a task's work.

use super::files::{PREAMBLE, SHARED, TASK, TICKET, role_file};
use super::templates::Templates;
use crate::ids::Digest;
use crate::plan::Role;

/// What stands for the built-in prompts of a role, for ever. They change with the program, and a program's version is no
/// part of what identifies work: after an update, what is finished stays finished. These are the digests of the texts that
/// were built in first, so that runs recorded then keep theirs.
fn built_in(role: Role) -> &'static str {
    match role {
        Role::Research => "768b914521374d2e1bbc2f0cdd6924b67c4e695acdcd883ae974bb6171f99a98",
        Role::Implement => "4e0bc19bc5bce1884b249f1dd841d2645b80536bd473cc956f988d9a24343056",
        Role::Test => "d42fcebd9559b475127e8a2aabce2e638b69659b974635d573a1df4061e89b02",
        Role::Review => "b273d886a058938f8185a3570bdfff383b062b1d7d7e1bd859af166fd02b4d73",
    }
}

impl Templates {
    /// Of the prompts for `role`, as far as somebody wrote their own: part of what identifies a task's work.
    pub fn digest(&self, role: Role) -> Digest {
        let used = [PREAMBLE, TICKET, role_file(role), TASK];
        let mut all = built_in(role).to_owned();
        let mut is_own = false;
        for (name, text) in self.own().filter(|(name, _)| used.contains(name) || SHARED.contains(name)) {
            is_own = true;
            // The length keeps two neighbours from trading text without a trace.
            all.extend([name, " ", &text.len().to_string(), "\n", text]);
        }
        if is_own {
            return Digest::of(all.as_bytes());
        }
        Digest::new(&all).unwrap_or_else(|_| Digest::of(all.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, text: &str) -> Templates {
        Templates::with(|candidate| (candidate == name).then(|| text.to_owned())).unwrap()
    }

    #[test]
    fn only_a_template_of_ones_own_changes_the_digest_and_only_of_the_roles_that_use_it() {
        let plain = Templates::built_in().unwrap();
        assert!(Role::ALL.into_iter().all(|role| plain.digest(role).as_str() == built_in(role)));
        let own = with("review.md.j2", "Be kind.");
        assert_ne!(plain.digest(Role::Review), own.digest(Role::Review));
        assert_eq!(plain.digest(Role::Test), own.digest(Role::Test));
        for all in ["preamble.md.j2", "system.md.j2", "ticket.md.j2", "facts.md.j2", "task.md.j2"] {
            let own = with(all, "Hello.");
            assert!(Role::ALL.into_iter().all(|role| own.digest(role) != plain.digest(role)), "{all}");
        }
        let planning = with("plan.md.j2", "Plan it.");
        assert!(Role::ALL.into_iter().all(|role| planning.digest(role) == plain.digest(role)));
        let same = with("review.md.j2", include_str!("../../config/prompts/review.md.j2"));
        assert_eq!(same.digest(Role::Review), plain.digest(Role::Review));
    }
}
