//! The worlds that commands of documents and of help run in.

use std::path::Path;

use super::session::Session;

/// What the repository has that a reader's clone of it needs.
const CLONED: [&str; 10] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "Cargo.toml",
    "justfile",
    "runs/README.md",
    ".ci",
    "config",
    "docs",
    "examples",
];

/// What the owner of the project has told orchestra, in the file that is trusted.
const OWN: &str = r#"
version: 1
agents:
  mine: {command: {argv: [my-agent, --prompt-file, "{prompt_file}"], parser: text}}
checks:
  unit: {run: [grep, -q, "middle - 1", src/lib.rs], expect: change}
journal: {sync: process}
"#;

/// What lies in the project.
const PROJECTS: &str = "version: 1\nlimits: {run: 2h}\nroles: {implement: mine}\n";

/// A world, and the runs that were made in it.
pub struct Place {
    pub session: Session,
    /// Ids, the one that most commands are about first.
    pub runs: Vec<String>,
}

/// The folder of this repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Place {
    /// A world by the name that documents use.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "empty" => Some(Self { session: Session::new(), runs: Vec::new() }),
            "clone" => Some(Self::clone_of_ours()),
            "fresh" => Some(Self::fresh()),
            "planned" => Some(Self::planned()),
            "project" => Some(Self::lived_in()),
            "waiting" => Some(Self::waiting()),
            "held" => Some(Self::held()),
            "ci" => Some(Self::in_ci()),
            _ => None,
        }
    }

    /// A clone of this repository, with a project of the reader's own in it.
    fn clone_of_ours() -> Self {
        let session = Session::new();
        let project = session.world.project();
        for path in CLONED {
            copy(&repository().join(path), &project.join(path));
        }
        std::fs::write(project.join(".gitignore"), "/your-project\n/runs/*\ntarget\n").unwrap();
        session.succeeds(COMMIT);
        let own = project.join("your-project");
        copy_example(&own);
        let there = session.types(&format!("cd your-project && {COMMIT}; cd .."));
        assert_eq!(there.code, 0, "{there}");
        Self { session, runs: Vec::new() }
    }

    /// A project in git, with a ticket, and an owner who has an agent.
    fn fresh() -> Self {
        let session = Session::new();
        let project = session.world.project();
        copy_example(&project);
        copy_example(&session.world.root().join("a-copy"));
        std::fs::write(project.join("orchestra.yaml"), PROJECTS).unwrap();
        let own = session.world.root().join("config/orchestra/config.yaml");
        std::fs::create_dir_all(own.parent().unwrap()).unwrap();
        std::fs::write(own, OWN.trim_start()).unwrap();
        session.succeeds(COMMIT);
        Self { session, runs: Vec::new() }
    }

    /// The same with a run that was only planned, and its plan beside the ticket.
    fn planned() -> Self {
        let mut place = Self::fresh();
        place.run("orchestra run ticket.md --quiet --plan-only", 0);
        place.session.succeeds("cp runs/latest/plan.json plan.json");
        place
    }

    /// The same after two runs, and one that was only planned; with the files that a run leaves or takes.
    fn lived_in() -> Self {
        let mut place = Self::fresh();
        place.run("orchestra run ticket.md --quiet", 0);
        place.run("orchestra run ticket.md --quiet --set run.attempts=3", 0);
        place.run("orchestra run ticket.md --quiet --plan-only", 0);
        place.session.succeeds("cp runs/latest/plan.json plan.json");
        for role in ["research", "implement", "review"] {
            // What the tasks of a finished run were told.
            let found = "$(grep -l '\"role\": \"ROLE\"' runs/*/tasks/*.1.message.json | head -n 1)";
            place.session.succeeds(&format!("cp {} {role}.json", found.replace("ROLE", role)));
        }
        place.session.succeeds("cp \"$(ls runs/*/changes.patch | head -n 1)\" change.patch");
        // The newest finished run first; who goes on with one takes the unfinished one.
        place.runs.swap(0, 1);
        place
    }

    /// The same with a run that waits for its plan to be approved.
    fn waiting() -> Self {
        let mut place = Self::fresh();
        place.run("orchestra run ticket.md --quiet --ask plan", 5);
        place
    }

    /// The same with a run that was ended while its task `deploy` was at work, which is not done twice unasked.
    fn held() -> Self {
        let mut place = Self::fresh();
        let root = place.session.world.root().to_path_buf();
        std::fs::write(root.join("deploy.sh"), DEPLOY).unwrap();
        std::fs::write(root.join("deploy.json"), DEPLOYMENT).unwrap();
        let agent = format!("{{command: {{argv: [sh, '{}']}}}}", root.join("deploy.sh").display());
        let plan = root.join("deploy.json");
        let command = format!("orchestra run --quiet --plan {} --set roles.research=deployer", plan.display());
        place.run(&format!("{command} --set \"agents.deployer={agent}\""), 143);
        place
    }

    /// A project with its settings in it, as a service clones it, and no settings of a person.
    fn in_ci() -> Self {
        let session = Session::new();
        let project = session.world.project();
        copy_example(&project);
        std::fs::write(project.join("orchestra.yaml"), OWN.trim_start()).unwrap();
        session.succeeds(COMMIT);
        session.succeeds("git clone -q --bare . ../origin.git");
        Self { session, runs: Vec::new() }
    }

    fn run(&mut self, command: &str, code: i32) {
        let output = self.session.types(command);
        assert_eq!(output.code, code, "{command}: {output}");
        let latest = std::fs::canonicalize(self.session.world.project().join("runs/latest")).unwrap();
        self.runs.push(latest.file_name().unwrap().to_str().unwrap().to_owned());
    }

    /// The command with the runs of this world for those of the text: its first id is the run that it is about, its second
    /// another one.
    pub fn with_runs(&self, command: &str) -> String {
        let mut order: Vec<&String> = self.runs.iter().collect();
        if command.contains("resume") {
            order.reverse();
        }
        let mut said: Vec<&str> = Vec::new();
        let mut out = String::new();
        for word in command.split_inclusive([' ', '\n', '/', '\'', '"']) {
            let core = word.trim_end_matches([' ', '\n', '/', '\'', '"']);
            if !is_placeholder(core) {
                out.push_str(word);
                continue;
            }
            let place = said.iter().position(|other| *other == core).unwrap_or_else(|| {
                said.push(core);
                said.len() - 1
            });
            out.push_str(order.get(place).map_or(core, |run| run.as_str()));
            out.push_str(&word[core.len()..]);
        }
        out
    }
}

/// Ends the run that it belongs to, the first time.
const DEPLOY: &str = r#"
if ! test -e "$0.begun"; then
    : > "$0.begun"
    run=$(dirname "$(dirname "$ORCHESTRA_MESSAGE")")
    kill -TERM "$(sed -n '1s/.*"pid":\([0-9]*\).*/\1/p' "$run/events.jsonl")"
    sleep 60
fi
echo "It is out."
"#;

const DEPLOYMENT: &str = r#"{"schema": "orchestra.plan/v1", "title": "Bring it out", "goal": {"summary": "out"},
"tasks": [{"id": "deploy", "title": "Deploy", "role": "research", "on_interrupt": "ask"}]}"#;

const COMMIT: &str = "git init -q && git add --all && git commit -qm 'the beginning'";

/// `20261121-0933`: the beginning of a run's id.
fn is_placeholder(word: &str) -> bool {
    let Some((day, rest)) = word.split_once('-') else { return false };
    let time = rest.split('-').next().unwrap_or_default();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    day.len() == 8 && digits(day) && matches!(time.len(), 4 | 6) && digits(time)
}

/// The example, without its settings and what running it left.
fn copy_example(to: &Path) {
    copy(&repository().join("examples/quickstart"), to);
    for file in ["orchestra.yaml", "README.md"] {
        std::fs::remove_file(to.join(file)).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
        return;
    }
    for entry in std::fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        // What building and running an example left there.
        if name != "target" && name != "runs" {
            copy(&from.join(&name), &to.join(&name));
        }
    }
}

#[test]
fn the_first_run_that_a_command_names_is_the_one_it_is_about() {
    let place =
        Place { session: Session::new(), runs: vec!["20300101-000000-aaaa".into(), "20300102-000000-bbbb".into()] };
    let command = "orchestra runs diff 20261121-0933 20261121-1015 > 20261121-0933/x";
    let said = "orchestra runs diff 20300101-000000-aaaa 20300102-000000-bbbb > 20300101-000000-aaaa/x";
    assert_eq!(place.with_runs(command), said);
    assert_eq!(place.with_runs("orchestra resume 20261121-0933"), "orchestra resume 20300102-000000-bbbb");
}
