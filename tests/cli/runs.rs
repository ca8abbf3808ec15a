//! `runs` where there are none; what runs leave is told where runs are tested.

use crate::world::World;

#[test]
fn a_project_without_runs_says_so_and_stays_as_it_is() {
    let world = World::new();
    let listed = world.orchestra(["runs", "list"]);
    assert!(listed.exits(0).says("no runs in").stdout.is_empty());
    assert_eq!(world.orchestra(["runs", "list", "--json"]).exits(0).json(), serde_json::json!({"runs": []}));
    for command in ["show", "report"] {
        world.orchestra(["runs", command]).exits(2).says("this project has no run yet").says("orchestra run TICKET");
        world.orchestra(["runs", command, "20261121-0933"]).exits(2).says("begins with `20261121-0933`");
    }
    assert!(std::fs::read_dir(world.project()).unwrap().next().is_none(), "looking leaves nothing behind");
}

#[test]
fn a_folder_for_runs_that_is_a_file_is_refused() {
    let world = World::new();
    world.file("runs", "x");
    let output = world.orchestra(["runs", "list"]);
    assert_ne!(output.code, 0, "{output}");
    output.says("should be the folder for runs");
}

#[test]
fn a_markdown_report_is_no_json() {
    World::new().orchestra(["runs", "report", "--json", "--format", "md"]).exits(2).says("no JSON document");
}
