//! The power fails, on a real ext4: what was acted upon is on the disk, nothing that counts is empty, and a `resume` goes on.
//!
//! A killed process cannot show a missing sync: what it wrote is with the kernel. Here the kernel loses it. ext4 with its
//! journal keeps much that nobody asked it to keep, in order; without one it keeps what it was told to keep and nothing
//! else, which shows a name that was not synced. A disk that breaks its own promises is not seen: that needs a kernel with
//! `dm-log-writes`, which containers have not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use orchestra::ids::Digest;
use serde_json::Value;

use crate::mounts::{Disk, Keeps, call, inside, skipped};
use crate::rig::{Dice, GONE_WITHIN, Going, Rig, eventually, tasks_of};

const TASKS: [&str; 4] = ["a", "b", "c", "d"];

/// Says that it starts, outside of the disk that will fail; writes a file, leaves another to be kept, says that it ends.
const WORKS: &str = r#"
echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
echo "$ORCHESTRA_TASK_ID" > "$ORCHESTRA_TASK_ID.txt"
mkdir -p "$ORCHESTRA_ARTIFACTS/deep"
seq 1 2000 > "$ORCHESTRA_ARTIFACTS/deep/numbers.txt"
echo "end $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
"#;

/// A run on a disk of its own, its events shown as they are safe.
struct Lit {
    // Before the rig, in whose folder it lies.
    disk: Disk,
    rig: Rig,
}

impl Lit {
    fn new(keeps: Keeps, settings: &[&str]) -> Self {
        let rig = Rig::new(&TASKS, WORKS).with(settings);
        Self { disk: Disk::under(&rig, keeps), rig }
    }

    fn start(&self) -> Going {
        self.rig.go(&[self.rig.run_args(), vec!["--output".into(), "jsonl".into()]].concat())
    }

    /// Cuts the power and gives it back; no process of before is left.
    fn fails(&self, run: Going) {
        // No program sees anything after a power cut; here the kernel lives on, and may still call a sync good that was
        // under way.
        run.freeze();
        self.disk.cut();
        run.kill();
        self.rig.is_gone_within(GONE_WITHIN);
        self.disk.again();
    }

    /// What was shown on stdout, which is outside.
    fn shown(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.rig.at("stdout")).unwrap();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let lines = whole.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        // That it failed is said in a line, too.
        lines.filter(|line| line["error"].is_null()).collect()
    }

    /// Asserts what must hold of the disk, and that one `resume` finishes.
    #[track_caller]
    fn holds(&self, why: &str) {
        let rig = &self.rig;
        let Some(dir) = rig.find_dir() else {
            assert!(rig.log().is_empty() && self.shown().is_empty(), "{why}: work without a run: {:?}", rig.log());
            rig.run().exits(0);
            return;
        };
        let events = rig.events();
        assert_eq!(unfounded(&rig.log(), &self.shown(), &events), Vec::<String>::new(), "{why}");
        assert_eq!(empty(&dir), Vec::<String>::new(), "{why}: empty files");
        kept_whole(&dir, &events, why);
        objects_are_there(&dir, &events, why);
        let done = tasks_of(&events, |event| event["kind"] == "task.succeeded");
        let before = rig.starts();
        let resumed = rig.resume();
        assert_eq!(resumed.code, 0, "{why}: {resumed}");
        rig.journal_is_clean();
        for task in &done {
            assert_eq!(rig.starts()[task], before[task], "{why}: {task} ran again");
        }
        assert_eq!(rig.succeeded().len(), TASKS.len(), "{why}");
        let list = fs::read(dir.join("artifacts/manifest.json")).unwrap();
        let list: Value = serde_json::from_slice(&list).unwrap();
        assert_eq!(list["artifacts"].as_array().unwrap().len(), TASKS.len(), "{why}: what is kept: {list:#}");
    }
}

/// What was done or shown, and is not on record: each in a sentence.
fn unfounded(log: &[(String, String, String)], shown: &[Value], events: &[Value]) -> Vec<String> {
    let succeeded = tasks_of(events, |event| event["kind"] == "task.succeeded");
    let started: BTreeSet<String> = events
        .iter()
        .filter(|event| event["kind"] == "attempt.started")
        .map(|event| format!("{} {}", event["task"].as_str().unwrap(), event["attempt"]))
        .collect();
    let mut missing = Vec::new();
    for (_, task, attempt) in log.iter().filter(|(word, ..)| word == "start") {
        if !started.contains(&format!("{task} {attempt}")) {
            missing.push(format!("{task} was started, and its start is not on record"));
        }
        let before = TASKS.iter().take_while(|other| *other != task);
        let lost = before.filter(|other| !succeeded.contains(**other));
        missing.extend(lost.map(|other| format!("{task} was started, and the success of {other} is not on record")));
    }
    for event in shown {
        let number = event["seq"].as_u64().unwrap();
        let stored = usize::try_from(number - 1).ok().and_then(|at| events.get(at));
        if stored.is_none_or(|stored| stored["kind"] != event["kind"] || stored["at"] != event["at"]) {
            missing.push(format!("event {number} was shown, and is not on record"));
        }
    }
    missing
}

/// Files of a run that hold nothing, of those that appear whole or not at all.
fn empty(dir: &Path) -> Vec<String> {
    let (mut found, mut folders) = (Vec::new(), vec![dir.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            // Locks hold nothing, what children print is streamed, and git vouches for what is its own.
            let passed = ["lock", "supervisors.lock", "tasks", "shadow.git", "trace.jsonl"].contains(&name.as_str());
            if passed || name.starts_with(".new-") {
                continue;
            }
            let meta = entry.metadata().unwrap();
            if meta.is_dir() {
                folders.push(entry.path());
            } else if meta.len() == 0 {
                found.push(entry.path().display().to_string());
            }
        }
    }
    found
}

/// What a success names is there, byte for byte.
#[track_caller]
fn kept_whole(dir: &Path, events: &[Value], why: &str) {
    for event in events.iter().filter(|event| event["kind"] == "task.succeeded") {
        let kept = event["data"]["artifacts"].as_array().unwrap();
        assert_eq!(kept.len(), 1, "{event}");
        for file in kept {
            let path = dir.join("artifacts").join(file["path"].as_str().unwrap());
            let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{why}: {}: {error}", path.display()));
            assert_eq!(file["sha256"], Digest::of(&bytes).to_string(), "{why}: {}", path.display());
        }
    }
}

/// Every object that an event names is there, and sound.
#[track_caller]
fn objects_are_there(dir: &Path, events: &[Value], why: &str) {
    let git = |args: &[&str]| {
        let shadow = dir.join("shadow.git");
        let output = Command::new("git").arg("--git-dir").arg(shadow).args(args).output().unwrap();
        assert!(output.status.success(), "{why}: git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["fsck", "--full", "--strict", "--no-dangling"]);
    for event in events {
        let data = &event["data"];
        let named = [&data["base"]["tree"], &data["input_tree"], &data["commit"]];
        // The tree of an attempt that was not judged yet may be made once more.
        let tree = (event["kind"] == "task.succeeded").then_some(&data["tree"]);
        for object in named.into_iter().chain(tree).filter_map(Value::as_str) {
            git(&["cat-file", "-e", object]);
        }
    }
}

/// Whether a disk can be had that may fail.
fn disk(test: &str) -> bool {
    let lacks = Disk::lacks();
    if let Some(why) = &lacks {
        skipped(test, why);
    }
    lacks.is_none()
}

/// Cuts the power as soon as an agent says this of its task.
fn fails_when(word: &str, task: &str, keeps: Keeps, settings: &[&str]) -> Lit {
    let lit = Lit::new(keeps, settings);
    let run = lit.start();
    eventually(&format!("{word} {task}"), || {
        lit.rig.log().into_iter().any(|line| line.0 == word && line.1 == task).then_some(())
    });
    lit.fails(run);
    lit
}

/// Cuts the power after so much of the time that a run usually takes.
fn fails_after(share: f64, usual: Duration) {
    let lit = Lit::new(Keeps::InOrder, &[]);
    let run = lit.start();
    // The moment is what is tried here; nothing is waited for.
    std::thread::sleep(usual.mul_f64(share));
    lit.fails(run);
    lit.holds(&format!("cut after {share:.3} of {usual:?}"));
}

/// What a run takes that nothing happens to.
fn undisturbed() -> Duration {
    let lit = Lit::new(Keeps::InOrder, &[]);
    let run = lit.start();
    let output = run.end();
    output.exits(0);
    output.took
}

#[test]
fn a_power_cut_right_after_work_began_leaves_what_it_stands_on() {
    const NAME: &str = "power::a_power_cut_right_after_work_began_leaves_what_it_stands_on";
    if !inside(NAME) || !disk(NAME) {
        return;
    }
    for (word, task) in [("start", "a"), ("start", "b"), ("end", "b"), ("start", "d"), ("end", "d")] {
        fails_when(word, task, Keeps::InOrder, &[]).holds(&format!("cut at {word} {task}"));
    }
}

#[test]
fn a_power_cut_at_any_moment_is_made_good_by_one_resume() {
    const NAME: &str = "power::a_power_cut_at_any_moment_is_made_good_by_one_resume";
    if !inside(NAME) || !disk(NAME) {
        return;
    }
    let usual = undisturbed();
    let mut dice = Dice(20_261_121);
    for _ in 0..6 {
        fails_after(dice.roll(), usual);
    }
}

#[test]
#[ignore = "slow: run with just faults"]
fn power_cuts_at_a_hundred_and_fifty_moments_are_made_good_by_one_resume_each() {
    const NAME: &str = "power::power_cuts_at_a_hundred_and_fifty_moments_are_made_good_by_one_resume_each";
    if !inside(NAME) || !disk(NAME) {
        return;
    }
    let usual = undisturbed();
    for moment in 0..150_u32 {
        // Through the whole run and a little beyond.
        fails_after(f64::from(moment) / 140.0, usual);
    }
}

#[test]
fn a_power_cut_on_a_disk_that_keeps_only_what_was_synced_leaves_what_work_stands_on() {
    const NAME: &str = "power::a_power_cut_on_a_disk_that_keeps_only_what_was_synced_leaves_what_work_stands_on";
    if !inside(NAME) || !disk(NAME) {
        return;
    }
    for (word, task) in [("start", "a"), ("start", "b"), ("end", "b"), ("start", "d")] {
        let lit = fails_when(word, task, Keeps::OnlyWhatWasSynced, &[]);
        // Without a journal a name may come back as that of another file. What nothing is promised of goes.
        for folder in [lit.rig.dir().join("tasks"), lit.rig.world.root().join("cache/orchestra")] {
            call("rm", &["-rf", folder.to_str().unwrap()]);
        }
        lit.holds(&format!("cut at {word} {task}"));
    }
}

/// Both that this rig sees a missing sync, and that `process` promises no more than it says.
#[test]
fn without_syncs_a_power_cut_takes_what_was_acted_upon_and_a_kill_does_not() {
    const NAME: &str = "power::without_syncs_a_power_cut_takes_what_was_acted_upon_and_a_kill_does_not";
    if !inside(NAME) || !disk(NAME) {
        return;
    }
    let cut = fails_when("start", "c", Keeps::InOrder, &["journal.sync=process"]);
    let rig = &cut.rig;
    assert_ne!(unfounded(&rig.log(), &[], &rig.events()), Vec::<String>::new(), "the disk kept what it need not");
    let code = rig.resume().code;
    assert!([0, 7].contains(&code), "healed or refused, and told: {code}");

    let lit = Lit::new(Keeps::InOrder, &["journal.sync=process"]);
    let run = lit.start();
    eventually("start c", || lit.rig.log().into_iter().any(|line| line.0 == "start" && line.1 == "c").then_some(()));
    run.kill();
    lit.rig.is_gone_within(GONE_WITHIN);
    lit.holds("killed");
    let starts: BTreeMap<String, usize> = lit.rig.starts();
    assert_eq!((starts["a"], starts["b"]), (1, 1));
}

#[test]
fn a_workspace_of_before_a_power_cut_is_set_up_anew() {
    const NAME: &str = "power::a_workspace_of_before_a_power_cut_is_set_up_anew";
    const LOOKS: &str = r#"
        echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
        echo "$(cat made.txt) $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
        echo "$ORCHESTRA_TASK_ID" > "$ORCHESTRA_TASK_ID.txt"
        [ "$ORCHESTRA_ATTEMPT" != 1 ] || [ "$ORCHESTRA_TASK_ID" != b ] || sleep 300
    "#;
    if !inside(NAME) {
        return;
    }
    let rig = Rig::new(&["a", "b"], LOOKS).with(&[r#"workspace.setup=[["sh", "-c", "echo sound > made.txt"]]"#]);
    let run = rig.start();
    eventually("the second task", || (rig.log().len() == 4).then_some(()));
    run.kill();
    rig.is_gone_within(GONE_WITHIN);
    // As ext4 leaves what was not synced: the name, and nothing in it.
    let made = rig.world.root().join("cache/orchestra/work").join(rig.name()).join("0/made.txt");
    fs::write(&made, "").unwrap();
    let boot = rig.at("boot");
    fs::write(&boot, "11111111-2222-3333-4444-555555555555\n").unwrap();
    call("mount", &["--bind", boot.to_str().unwrap(), "/proc/sys/kernel/random/boot_id"]);
    rig.resume().exits(0);
    let words: Vec<String> = rig.log().into_iter().map(|(word, ..)| word).collect();
    assert_eq!(words, ["start", "sound", "start", "sound", "start", "sound"]);
}
