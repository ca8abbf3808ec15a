//! What is stored says which version it has: a later one is refused by name, and what earlier builds left is gone on with.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use globset::GlobBuilder;
use orchestra::ids::Digest;
use serde_json::{Value, json};

use crate::rig::{Rig, WRITES_A_FILE, eventually};
use crate::world::World;

/// Run directories as released versions left them: a folder for each version, in it one for each case, in it the run.
const CANNED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/runs");
/// The version whose canned runs this build makes.
const NEWEST: &str = "v1";
/// Whoever sets this makes them anew; see the recipe `canned-runs`.
const UPDATE: &str = "UPDATE_RUNS";

/// How the runs came to their end, and how `runs show` calls that.
const CASES: [(&str, &str); 4] =
    [("finished", "success"), ("interrupted", "interrupted"), ("stopped", "stopped"), ("planned", "planned")];

/// Writes its file and an artifact, and says more than a line. It names nothing outside its workspace.
const WORKS: &str = "echo \"$ORCHESTRA_TASK_ID\" > \"$ORCHESTRA_TASK_ID.txt\"; \
     echo notes > \"$ORCHESTRA_ARTIFACTS/notes.txt\"; seq 1 300";
/// The same, but the second task's first attempt does not come to an end.
const WAITS: &str = "[ \"$ORCHESTRA_TASK_ID.$ORCHESTRA_ATTEMPT\" != b.1 ] || sleep 300; ";

/// Makes the run of one case in a fresh folder, and puts it where the fixtures are.
fn make(case: &str) {
    // Its path goes into the fixture: a neutral one, and not the place of whoever made it.
    let place = std::env::temp_dir().join("orchestra-canned");
    drop(fs::remove_dir_all(&place));
    let project = place.join("project");
    fs::create_dir_all(&project).unwrap();
    fs::write(project.join("readme.txt"), "a project\n").unwrap();
    let rig = Rig::new(&["a", "b", "c"], "");
    fs::copy(rig.at("plan.json"), place.join("plan.json")).unwrap();
    fs::copy(rig.at("ticket.md"), place.join("ticket.md")).unwrap();
    let script = if case == "interrupted" { format!("{WAITS}{WORKS}") } else { WORKS.to_owned() };
    let launches = if case == "stopped" { 2 } else { 20 };
    let config = json!({
        "version": 1,
        "project": {"root": "project"},
        "workspace": {"mode": "copy"},
        "verify": {"unchecked": "allow"},
        "limits": {"launches": launches},
        "agents": {"mine": {"command": {"argv": ["sh", "-c", script], "stdin": "none"}}},
        "roles": {"research": "mine", "implement": "mine", "test": "mine", "review": "mine"},
    });
    fs::write(place.join("orchestra.yaml"), config.to_string()).unwrap();
    let mut args = vec!["run", "../ticket.md", "--plan", "../plan.json", "--config", "../orchestra.yaml"];
    args.extend((case == "planned").then_some("--plan-only"));
    let mut command = rig.world.command(args);
    command.env("XDG_CACHE_HOME", place.join("cache")).env("TMPDIR", &place);
    command.current_dir(&project).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    if case == "interrupted" {
        eventually("the second task", || {
            let run = only_run(&project.join("runs"))?;
            let text = fs::read_to_string(project.join("runs").join(run).join("events.jsonl")).ok()?;
            let started = |line: &str| line.contains(r#""task":"b""#) && line.contains(r#""attempt.started""#);
            text.lines().any(started).then_some(())
        });
        child.kill().unwrap();
    }
    child.wait().unwrap();
    let run = only_run(&project.join("runs")).unwrap();
    let to = Path::new(CANNED).join(NEWEST).join(case);
    drop(fs::remove_dir_all(&to));
    copy(&project.join("runs").join(&run), &to.join(&run));
    fs::remove_dir_all(&place).unwrap();
}

/// The name of the run in a folder of runs.
fn only_run(runs: &Path) -> Option<String> {
    let names = fs::read_dir(runs).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.into_iter().find(|name| name.starts_with("20"))
}

/// Copies a folder: files and folders, which is all there is in a run directory.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A canned run in a project of its own.
struct Canned {
    world: World,
    run: String,
    why: String,
}

impl Canned {
    fn unpack(version: &str, case: &str) -> Self {
        let from = Path::new(CANNED).join(version).join(case);
        let run = only_run(&from).unwrap_or_else(|| panic!("no run in {}", from.display()));
        let world = World::new();
        world.file("readme.txt", "a project\n");
        let dir = world.project().join("runs").join(&run);
        copy(&from.join(&run), &dir);
        // git keeps no empty folder, and takes none that lacks these for a repository.
        for folder in ["refs/heads", "objects/info"] {
            fs::create_dir_all(dir.join("shadow.git").join(folder)).unwrap();
        }
        Self { world, run, why: format!("{version}/{case}") }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.world.project().join("runs").join(&self.run).join(name)
    }

    fn events(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.file("events.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// How often each task was started, by the journal.
    fn starts(&self) -> BTreeMap<String, usize> {
        let mut starts = BTreeMap::new();
        for event in self.events().iter().filter(|event| event["kind"] == "attempt.started") {
            *starts.entry(event["task"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        starts
    }

    /// It is shown, reported, gone on with and applied.
    fn lives_on(&self, verdict: &str) {
        let (world, run, why) = (&self.world, self.run.as_str(), &self.why);
        let shown = world.orchestra(["runs", "show", run, "--json"]);
        assert_eq!(shown.json()["verdict"], verdict, "{why}: {shown}");
        world.orchestra(["runs", "report", run]).exits(0);
        let before = fs::read(self.file("events.jsonl")).unwrap();
        let done: Vec<String> = self
            .events()
            .iter()
            .filter(|event| event["kind"] == "task.succeeded")
            .map(|event| event["task"].as_str().unwrap().to_owned())
            .collect();
        let starts = self.starts();
        let args = ["resume", run, "--set", "project.root=.", "--set", "limits.launches=20"];
        let resumed = world.orchestra(args);
        assert_eq!(resumed.code, 0, "{why}: {resumed}");
        assert!(fs::read(self.file("events.jsonl")).unwrap().starts_with(&before), "{why}: what was written stays");
        for task in &done {
            assert_eq!(self.starts()[task], starts[task], "{why}: {task} ran again");
        }
        world.orchestra(["runs", "report", run, "--json"]).exits(0);
        world.orchestra(["apply", run]).exits(0);
        for task in ["a", "b", "c"] {
            assert_eq!(world.read(&format!("{task}.txt")), format!("{task}\n"), "{why}");
        }
    }
}

#[test]
fn run_directories_of_every_version_are_shown_resumed_and_applied() {
    if std::env::var_os(UPDATE).is_some() {
        for (case, _) in CASES {
            make(case);
        }
    }
    let versions: Vec<_> = fs::read_dir(CANNED).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(versions.iter().any(|version| version == NEWEST), "`just canned-runs` makes them");
    for version in versions {
        for (case, verdict) in CASES {
            Canned::unpack(version.to_str().unwrap(), case).lives_on(verdict);
        }
    }
}

/// Patterns of files, and the mark of their version, as the table in the documents has them.
fn rows() -> Vec<(Vec<String>, Option<String>)> {
    let text = include_str!("../../docs/events.md");
    let table = text.split("| file | its version |").nth(1).expect("the table of formats");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    rows.map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        (quoted(cells[0]), quoted(cells[1]).into_iter().next())
    })
    .collect()
}

/// Files below `dir`, by their paths within it.
fn files(dir: &Path, within: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir.join(within)).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let path = if within.is_empty() { name } else { format!("{within}/{name}") };
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(dir, &path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_file_of_a_run_has_its_row_in_the_documents_and_its_version_in_it() {
    let says_much = "seq 1 1000; echo notes > \"$ORCHESTRA_ARTIFACTS/notes.txt\"; echo x >&2\n";
    let rig = Rig::new(&["a", "b"], &format!("{WRITES_A_FILE}{says_much}"));
    rig.run().exits(0);
    let rows = rows();
    let fits = |pattern: &str, path: &str| {
        GlobBuilder::new(pattern).literal_separator(true).build().unwrap().compile_matcher().is_match(path)
    };
    let dir = rig.dir();
    let mut marked = 0;
    for path in files(&dir, "") {
        let row = rows.iter().find(|(patterns, _)| patterns.iter().any(|pattern| fits(pattern, &path)));
        let Some((_, mark)) = row else { panic!("{path} has no row in docs/events.md") };
        let Some(mark) = mark else { continue };
        let text = fs::read_to_string(dir.join(&path)).unwrap();
        let dense: String = text.chars().filter(|c| *c != ' ').collect();
        // The owner takes its name out of the lock when it goes.
        assert!(dense.contains(mark) || path == "lock", "{path} does not say {mark}: {text:.200}");
        if Path::new(&path).extension().is_some_and(|ending| ending == "jsonl") {
            assert!(dense.lines().all(|line| line.contains(mark)), "{path}: every line says {mark}");
        }
        marked += 1;
    }
    assert!(marked >= 9, "{marked}");
}

/// A finished run that keeps a file.
fn kept() -> Rig {
    let rig = Rig::new(&["a"], &format!("{WRITES_A_FILE}echo notes > \"$ORCHESTRA_ARTIFACTS/notes.txt\"\n"));
    rig.run().exits(0);
    rig
}

/// Puts another word into a file.
fn reword(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{} lacks {from}", path.display());
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn what_a_later_build_stored_is_refused_by_name_and_left_as_it_is() {
    let rig = kept();
    let (dir, name) = (rig.dir(), rig.name());
    let left = |path: &str, args: &[&str], code: i32, says: [&str; 2]| {
        let before = fs::read(dir.join(path)).unwrap();
        let output = rig.world.orchestra(args);
        output.exits(code).says(says[0]).says(says[1]);
        assert_eq!(fs::read(dir.join(path)).unwrap(), before, "{path}");
    };
    reword(&dir.join("plan.json"), "orchestra.plan/v1", "orchestra.plan/v2");
    left("plan.json", &["run", "--plan", &name], 2, ["orchestra.plan/v2", "this build reads orchestra.plan/v1"]);

    // Its note of what is kept is of another version; the list is made of it when a resume ends.
    let manifest = dir.join("artifacts/manifest.json");
    reword(&manifest, "\"v\": 1", "\"v\": 2");
    fs::write(dir.join("artifacts/.manifest.jsonl"), "{\"v\":1,\"task\":\"a\",\"kept\":[]}\n").unwrap();
    left("artifacts/manifest.json", &["resume", &name], 7, ["manifest.json has format 2", "up to format 1"]);
    reword(&manifest, "\"v\": 2", "\"v\": 1");
    reword(&dir.join("artifacts/.manifest.jsonl"), "\"v\":1", "\"v\":3");
    left("artifacts/.manifest.jsonl", &["resume", &name], 7, [".manifest.jsonl has format 3", "up to format 1"]);

    fs::write(dir.join("apply.json"), "{\"v\":2}").unwrap();
    left("apply.json", &["apply", &name], 7, ["apply.json", "2"]);

    reword(&dir.join("config.yaml"), "version: 1", "version: 2");
    left("config.yaml", &["resume", &name], 7, ["config.yaml", "was changed since the run began"]);
    adopt_config(&dir);
    left("config.yaml", &["resume", &name], 2, ["config.yaml:1", "this build knows version 1"]);
}

/// Makes the journal tell of the configuration that is there, as its writer would have.
fn adopt_config(dir: &Path) {
    let path = dir.join("events.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    let event: Value = serde_json::from_str(first).unwrap();
    let body = &first[..first.rfind(",\"crc\"").unwrap()];
    let new = Digest::of(&fs::read(dir.join("config.yaml")).unwrap()).to_string();
    let body = body.replace(event["data"]["config_sha"].as_str().unwrap(), &new);
    let crc = crc32c::crc32c(body.as_bytes());
    fs::write(&path, format!("{body},\"crc\":\"{crc:08x}\"}}\n{rest}")).unwrap();
}

#[test]
fn a_report_of_a_later_build_is_passed_over_and_made_from_the_journal() {
    let rig = kept();
    let (dir, name) = (rig.dir(), rig.name());
    reword(&dir.join("report.json"), "orchestra.report/v1", "orchestra.report/v2");
    reword(&dir.join("report.json"), "\"added\": 1", "\"added\": 77777");
    let report = rig.world.orchestra(["runs", "report", &name, "--json"]);
    assert!(!report.exits(0).stdout.contains("77777"), "{report}");
    assert_eq!(report.json()["schema"], "orchestra.report/v1");
    rig.world.orchestra(["resume", &name]).exits(0);
}
