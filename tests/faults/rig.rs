//! A project, a plan and an agent that writes down what it really did: what the faults of whole runs are tried on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

pub use crate::world::eventually;
use crate::world::{Output, World};

/// What a killed run may leave alive for: the grace of those that ignore TERM, and what a busy machine adds.
pub const GONE_WITHIN: Duration = Duration::from_secs(60);

/// Says that it starts, leaves a stray process and rubbish behind, writes its file, says that it ends.
pub const WRITES_A_FILE: &str = r#"
echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
setsid sleep 300 &
echo junk > "junk-$ORCHESTRA_TASK_ID-$ORCHESTRA_ATTEMPT.txt"
sleep 0.02
echo "$ORCHESTRA_TASK_ID" > "$ORCHESTRA_TASK_ID.txt"
rm "junk-$ORCHESTRA_TASK_ID-$ORCHESTRA_ATTEMPT.txt"
echo "end $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
"#;

/// A world with a project, a plan, a configuration and an agent.
pub struct Rig {
    pub world: World,
    settings: Vec<String>,
}

/// A run that goes on; what it says is in files, so that nobody must read along.
pub struct Going {
    pub child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Rig {
    /// An agent that is this script, and a plan of these tasks, each after the one before.
    pub fn new(tasks: &[&str], script: &str) -> Self {
        let rig = Self { world: World::new(), settings: Vec::new() };
        rig.world.file("readme.txt", "a project\n");
        fs::write(rig.at("ticket.md"), "# Files\n\nWrite them.\n").unwrap();
        rig.script(script);
        fs::write(rig.at("plan.json"), plan(tasks).to_string()).unwrap();
        let config = format!(
            "version: 1\nproject: {{root: project}}\nworkspace: {{mode: copy}}\nverify: {{unchecked: allow}}\n\
             run: {{backoff: 1ms}}\n\
             agents: {{mine: {{command: {{argv: [sh, {}], stdin: none, env: {{LOG: {}}}}}}}}}\n\
             roles: {{research: mine, implement: mine, test: mine, review: mine}}\n",
            rig.at("agent.sh").display(),
            rig.at("log").display(),
        );
        fs::write(rig.at("orchestra.yaml"), config).unwrap();
        rig
    }

    /// The same with these settings on every call that starts a run.
    pub fn with(mut self, settings: &[&str]) -> Self {
        self.settings.extend(settings.iter().map(ToString::to_string));
        self
    }

    /// Replaces the agent.
    pub fn script(&self, script: &str) {
        fs::write(self.at("agent.sh"), script).unwrap();
    }

    /// A path outside the project.
    pub fn at(&self, name: &str) -> PathBuf {
        self.world.project().parent().unwrap().join(name)
    }

    /// The arguments that start a run.
    pub fn run_args(&self) -> Vec<String> {
        let at = |name: &str| self.at(name).display().to_string();
        let mut args = vec!["run".into(), at("ticket.md"), "--plan".into(), at("plan.json")];
        args.extend(["--config".into(), at("orchestra.yaml")]);
        args.extend(self.settings.iter().flat_map(|set| ["--set".into(), set.clone()]));
        args
    }

    /// Starts a run, and gives it back as it goes.
    pub fn start(&self) -> Going {
        self.go(&self.run_args())
    }

    /// Starts the program, and gives it back as it goes.
    pub fn go<A: AsRef<str>>(&self, args: &[A]) -> Going {
        self.spawn(self.world.command(args))
    }

    /// Starts a prepared call; what it says goes to files.
    pub fn spawn(&self, mut command: std::process::Command) -> Going {
        let (out, err) = (self.at("stdout"), self.at("stderr"));
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&err).unwrap())
            .spawn()
            .unwrap();
        Going { child, out, err }
    }

    /// Runs to the end.
    pub fn run(&self) -> Output {
        self.world.orchestra(self.run_args())
    }

    /// Goes on with the one run.
    pub fn resume(&self) -> Output {
        self.world.orchestra(["resume", &self.name()])
    }

    /// The directory of the one run, once it is there.
    pub fn find_dir(&self) -> Option<PathBuf> {
        let runs = fs::read_dir(self.world.project().join("runs")).ok()?;
        runs.filter_map(Result::ok)
            .find(|entry| entry.file_name().as_encoded_bytes().starts_with(b"20"))
            .map(|entry| entry.path())
    }

    /// The directory of the one run.
    #[track_caller]
    pub fn dir(&self) -> PathBuf {
        self.find_dir().expect("a run has its directory")
    }

    /// The name of the one run.
    #[track_caller]
    pub fn name(&self) -> String {
        self.dir().file_name().unwrap().to_str().unwrap().to_owned()
    }

    /// The whole lines of the journal so far.
    pub fn events(&self) -> Vec<Value> {
        let text = self.find_dir().and_then(|dir| fs::read_to_string(dir.join("events.jsonl")).ok());
        let text = text.unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until the journal tells of this, and gives it.
    #[track_caller]
    pub fn event(&self, kind: &str, task: Option<&str>) -> Value {
        let fits = |event: &Value| event["kind"] == kind && task.is_none_or(|task| event["task"] == task);
        eventually(&format!("{kind} of {task:?}"), || self.events().into_iter().find(fits))
    }

    /// What the agents wrote down: a word, the task, the attempt.
    pub fn log(&self) -> Vec<(String, String, String)> {
        let text = fs::read_to_string(self.at("log")).unwrap_or_default();
        let line = |line: &str| {
            let mut words = line.split(' ').map(str::to_owned);
            Some((words.next()?, words.next()?, words.next()?))
        };
        text.lines().filter_map(line).collect()
    }

    /// Waits until an agent wrote this word.
    #[track_caller]
    pub fn logged(&self, word: &str) {
        eventually(word, || {
            let text = fs::read_to_string(self.at("log")).unwrap_or_default();
            text.lines().any(|line| line.split(' ').next() == Some(word)).then_some(())
        });
    }

    /// How often each task's agent was really started.
    pub fn starts(&self) -> BTreeMap<String, usize> {
        let mut starts = BTreeMap::new();
        for (word, task, _) in self.log() {
            if word == "start" {
                *starts.entry(task).or_default() += 1;
            }
        }
        starts
    }

    /// What lives of this world: every process that has its folder in its environment or its arguments.
    pub fn alive(&self) -> Vec<String> {
        let mark = self.at("").display().to_string();
        let mark = mark.trim_end_matches('/').as_bytes();
        let holds = |bytes: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
        let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let path = entry.ok()?.path();
            path.file_name()?.to_str()?.parse::<u32>().ok()?;
            let read = |name: &str| fs::read(path.join(name)).unwrap_or_default();
            (holds(&read("environ")) || holds(&read("cmdline"))).then(|| {
                format!("{}: {}", path.display(), String::from_utf8_lossy(&read("cmdline")).replace('\0', " "))
            })
        });
        processes.collect()
    }

    /// Asserts that nothing of this world is left alive, soon.
    #[track_caller]
    pub fn is_gone_within(&self, limit: Duration) {
        let started = Instant::now();
        loop {
            let alive = self.alive();
            if alive.is_empty() {
                return;
            }
            assert!(started.elapsed() < limit, "still alive: {alive:#?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The tasks that the journal calls succeeded.
    pub fn succeeded(&self) -> BTreeSet<String> {
        tasks_of(&self.events(), |event| event["kind"] == "task.succeeded")
    }

    /// The tree of the last success.
    #[track_caller]
    pub fn tree(&self) -> String {
        let events = self.events();
        let last = events.iter().rev().find(|event| event["kind"] == "task.succeeded").unwrap();
        last["data"]["tree"].as_str().unwrap().to_owned()
    }

    /// Asserts what holds for every journal that a run ended well with: lines whole and in order, no attempt twice.
    #[track_caller]
    pub fn journal_is_clean(&self) {
        let bytes = fs::read(self.dir().join("events.jsonl")).unwrap();
        assert_eq!(bytes.last(), Some(&b'\n'));
        let events = self.events();
        assert!(events.iter().map(|event| event["seq"].as_u64().unwrap()).eq(1..=events.len() as u64));
        let attempts: Vec<_> = events
            .iter()
            .filter(|event| event["kind"] == "attempt.started")
            .map(|event| format!("{}/{}", event["task"], event["attempt"]))
            .collect();
        let once: BTreeSet<_> = attempts.iter().collect();
        assert_eq!(once.len(), attempts.len(), "an attempt number was used twice: {attempts:?}");
        let log: Vec<_> = self.log().into_iter().filter(|(word, ..)| word == "start").collect();
        assert_eq!(log.iter().collect::<BTreeSet<_>>().len(), log.len(), "an attempt ran twice: {log:?}");
        assert_eq!(events.last().unwrap()["kind"], "run.finished");
    }

    /// How `runs show` calls the run.
    #[track_caller]
    pub fn verdict(&self) -> String {
        let shown = self.world.orchestra(["runs", "show", &self.name(), "--json"]);
        shown.json()["verdict"].as_str().unwrap().to_owned()
    }
}

impl Going {
    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Stops it where it stands, all its threads; returns when they do.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
        let threads = PathBuf::from(format!("/proc/{}/task", self.child.id()));
        eventually("all threads stand still", || {
            let mut states = fs::read_dir(&threads).unwrap().filter_map(|thread| {
                let stat = fs::read_to_string(thread.ok()?.path().join("stat")).ok()?;
                stat.rsplit(") ").next()?.chars().next()
            });
            // One that has ended meanwhile stands as well.
            states.all(|state| "TtZX".contains(state)).then_some(())
        });
    }

    /// Kills it as a power cut would, without a word.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Output {
        let started = Instant::now();
        let status: ExitStatus = eventually("its end", || self.child.try_wait().unwrap());
        let text = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        Output {
            code: status.code().unwrap_or(-1),
            stdout: text(&self.out),
            stderr: text(&self.err),
            took: started.elapsed(),
        }
    }
}

/// Numbers that look random and are the same every time.
pub struct Dice(pub u64);

impl Dice {
    /// The next number from 0 up to 1 (splitmix64).
    pub fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap()) / f64::from(u32::MAX)
    }
}

/// The tasks of all events of which this is true.
pub fn tasks_of(events: &[Value], fits: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let fitting = events.iter().filter(|event| fits(event));
    fitting.map(|event| event["task"].as_str().unwrap().to_owned()).collect()
}

fn plan(tasks: &[&str]) -> Value {
    let task = |(i, id): (usize, &&str)| {
        let before: Vec<&str> = i.checked_sub(1).map(|i| tasks[i]).into_iter().collect();
        json!({
            "id": id, "title": format!("Write {id}"), "role": "implement", "instructions": "Write the file.",
            "depends_on": before, "scope": {"read": ["**"], "write": ["**"]},
            "checks": [{"name": format!("has-{id}"), "run": ["test", "-e", format!("{id}.txt")], "expect": "change"}],
        })
    };
    json!({
        "schema": "orchestra.plan/v1", "plan_id": "OP-20261121-093312-A1B2", "title": "Files",
        "created_at": "2026-11-21T09:33:12Z", "goal": {"summary": "files", "success_criteria": []},
        "tasks": tasks.iter().enumerate().map(task).collect::<Vec<_>>(),
    })
}
