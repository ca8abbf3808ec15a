//! A ticket whose change is in the project before anything runs.

use crate::world::World;

const TICKET: &str = "# Say more\n\n```diff\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-old\n+new\n```\n";

#[test]
fn a_change_that_is_there_already_is_said_and_nothing_is_made() {
    let world = World::new();
    world.file("ticket.md", TICKET);
    world.file("a.txt", "new\n");
    let refused = world.orchestra(["run", "ticket.md"]);
    refused.exits(2).says("in your files already: a.txt").says("git checkout -- a.txt");
    assert!(!world.project().join("runs").exists(), "{refused}");
    world.orchestra(["run", "ticket.md", "--dry-run"]).exits(0);
}

#[test]
fn a_change_that_is_not_there_is_not_refused() {
    let world = World::new();
    world.file("ticket.md", TICKET);
    world.file("a.txt", "old\n");
    let run = world.orchestra(["run", "ticket.md", "--set", "verify.unchecked=allow"]);
    assert!(!run.stderr.contains("already"), "{run}");
}

#[test]
fn a_dry_run_says_what_the_run_itself_would_be_refused_for() {
    let world = World::new();
    let dry = world.orchestra(["run", "-m", "Let it be right", "--dry-run"]);
    dry.exits(0).says("without --dry-run it would be refused: no agent can do task");
    world.orchestra(["run", "-m", "Let it be right"]).exits(6).says("no agent can do task");
}
