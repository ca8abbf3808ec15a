//! A journal that is not what was written: healed where its end was torn, refused with file and line everywhere else, by
//! every command that reads it, and left as it is for whoever mends it.

use std::fs;
use std::path::Path;

use orchestra::event::FORMAT;
use serde_json::Value;

use crate::rig::{GONE_WITHIN, Rig, WRITES_A_FILE, eventually};
use crate::world::Output;

/// Says that it starts, writes its file; the second time round it does not wait any more.
const WAITS_IN_B: &str = r#"
echo "start $ORCHESTRA_TASK_ID $ORCHESTRA_ATTEMPT" >> "$LOG"
if [ "$ORCHESTRA_TASK_ID" = b ] && mkdir "$(dirname "$LOG")/waited"; then sleep 300; fi
echo "$ORCHESTRA_TASK_ID" > "$ORCHESTRA_TASK_ID.txt"
"#;

/// What reads the journal of a run.
const READERS: [&[&str]; 5] =
    [&["resume"], &["resume", "--explain"], &["runs", "show"], &["runs", "report"], &["apply"]];

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    let status = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}

/// A finished run of three tasks, and the bytes of its journal.
fn finished() -> (Rig, Vec<u8>) {
    let rig = Rig::new(&["a", "b", "c"], WRITES_A_FILE);
    rig.run().exits(0);
    copy(&rig.dir(), &rig.at("kept"));
    let journal = fs::read(rig.dir().join("events.jsonl")).unwrap();
    (rig, journal)
}

/// Puts the run back as it was, with this journal.
fn restore(rig: &Rig, journal: &[u8]) {
    let dir = rig.dir();
    fs::remove_dir_all(&dir).unwrap();
    copy(&rig.at("kept"), &dir);
    fs::write(dir.join("events.jsonl"), journal).unwrap();
}

/// Cuts the journal at every `step`th byte, and asks what a resume would do.
fn cut_and_explain(step: usize) {
    let (rig, journal) = finished();
    let path = rig.dir().join("events.jsonl");
    let first = journal.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let planned = first + journal[first..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in (0..journal.len()).rev().step_by(step) {
        fs::write(&path, &journal[..cut]).unwrap();
        let output = rig.world.orchestra(["resume", &rig.name(), "--explain"]);
        assert!(!output.stderr.contains("panicked"), "cut at {cut}: {output}");
        // A run is shown only with its plan durable: less than that was never there.
        let sound = cut >= planned;
        assert_eq!(output.code, if sound { 0 } else { 7 }, "cut at {cut}: {output}");
    }
}

#[test]
fn a_journal_cut_anywhere_is_understood() {
    // A prime, so that the places within the lines differ.
    cut_and_explain(131);
}

#[test]
#[ignore = "slow: run with just faults"]
fn a_journal_cut_at_every_byte_is_understood() {
    cut_and_explain(1);
}

#[test]
fn a_run_whose_journal_was_cut_is_healed_and_finished_without_doing_again_what_it_still_tells_of() {
    let (rig, journal) = finished();
    let tree = rig.tree();
    let ends: Vec<usize> =
        journal.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    // Within a line, at its end, and one byte before it.
    for (number, end) in ends.iter().enumerate().skip(1).step_by(4) {
        for cut in [*end, end.saturating_add(40), ends.get(number + 1).map_or(*end, |next| next - 1)] {
            let cut = cut.min(journal.len());
            restore(&rig, &journal[..cut]);
            let (before, done) = (rig.starts(), rig.succeeded());
            let output = rig.resume();
            output.exits(0);
            if !ends.contains(&cut) {
                output.says("torn");
            }
            let lines = fs::read(rig.dir().join("events.jsonl")).unwrap();
            assert!(lines.starts_with(&journal[..ends.iter().copied().filter(|end| *end <= cut).max().unwrap()]));
            assert_eq!(rig.tree(), tree);
            for task in ["a", "b", "c"] {
                assert!(!done.contains(task) || rig.starts()[task] == before[task], "cut at {cut}: {task} ran again");
            }
        }
    }
}

#[test]
fn the_newest_run_is_not_passed_over_because_its_records_are_damaged() {
    let (rig, _) = finished();
    fs::write(rig.dir().join("events.jsonl"), "not a journal\n\n").unwrap();
    rig.world.orchestra(["resume"]).exits(7).says("events.jsonl").says("line 1");
}

#[test]
fn a_journal_of_a_later_version_is_refused_with_both_versions() {
    let (rig, journal) = finished();
    let text = String::from_utf8(journal).unwrap();
    let newer: String = text.lines().map(|line| with_version(line, 9)).collect();
    fs::write(rig.dir().join("events.jsonl"), newer).unwrap();
    for args in [vec!["resume"], vec!["runs", "show"]] {
        let name = rig.name();
        rig.world
            .orchestra([args, vec![name.as_str()]].concat())
            .exits(7)
            .says("format 9")
            .says(&format!("format {FORMAT}"));
    }
}

/// The line as a later version would have written it, its checksum included.
fn with_version(line: &str, version: u32) -> String {
    let body = line.replacen("\"v\":1", &format!("\"v\":{version}"), 1);
    let body = &body[..body.rfind(",\"crc\"").unwrap()];
    format!("{body},\"crc\":\"{:08x}\"}}\n", crc32c::crc32c(body.as_bytes()))
}

/// A run of three tasks that was killed in its second, and the bytes of its journal.
fn interrupted() -> (Rig, Vec<u8>) {
    let rig = Rig::new(&["a", "b", "c"], WAITS_IN_B);
    let run = rig.start();
    eventually("the second task waits", || rig.at("waited").exists().then_some(()));
    run.kill();
    rig.is_gone_within(GONE_WITHIN);
    copy(&rig.dir(), &rig.at("kept"));
    let journal = fs::read(rig.dir().join("events.jsonl")).unwrap();
    (rig, journal)
}

/// What a command of [`READERS`] says of the one run.
fn ask(rig: &Rig, reader: &[&str]) -> Output {
    let name = rig.name();
    rig.world.orchestra([reader, &[name.as_str()]].concat())
}

/// Asserts that this command refuses this journal, names the line, and leaves it as it is.
#[track_caller]
fn is_refused_at(rig: &Rig, damaged: &[u8], line: usize, reader: &[&str], why: &str) {
    let path = rig.dir().join("events.jsonl");
    fs::write(&path, damaged).unwrap();
    let output = ask(rig, reader);
    assert_eq!(output.code, 7, "{why}, {reader:?}: {output}");
    let place = format!("events.jsonl, line {line},");
    assert!(output.stderr.contains(&place), "{why}, {reader:?}, not {place:?}: {output}");
    assert!(!output.stderr.contains("panicked"), "{why}: {output}");
    output.quick();
    assert_eq!(fs::read(&path).unwrap(), damaged, "{why}: it was changed");
}

/// The line, counted from 1, that a byte is in.
fn line_of(journal: &[u8], at: usize) -> usize {
    journal[..at].split(|byte| *byte == b'\n').count()
}

/// One bit of every `step`th byte is turned over; the readers take turns.
fn flips(rig: &Rig, journal: &[u8], step: usize) {
    let last = journal[..journal.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for at in (0..journal.len()).step_by(step) {
        let reader = READERS[at / step % READERS.len()];
        let mut damaged = journal.to_vec();
        damaged[at] ^= 1 << (at % 7);
        let why = format!("byte {at} of {} became {:?}", journal.len(), char::from(damaged[at]));
        let whole = damaged.ends_with(b"\n") && line_of(&damaged, damaged.len() - 1) == line_of(journal, last);
        if at < last || !whole {
            is_refused_at(rig, &damaged, line_of(journal, at), reader, &why);
        } else {
            // The last line is one that was being written. To look is to leave it out.
            fs::write(rig.dir().join("events.jsonl"), &damaged).unwrap();
            ask(rig, &["runs", "show"]).exits(0);
            ask(rig, &["resume", "--explain"]).exits(0);
            assert_eq!(fs::read(rig.dir().join("events.jsonl")).unwrap(), damaged, "{why}");
        }
    }
}

#[test]
fn a_bit_that_turned_over_is_found_in_whatever_byte() {
    for (rig, journal) in [finished(), interrupted()] {
        // A prime, so that the places within the lines differ.
        flips(&rig, &journal, 113);
    }
}

#[test]
#[ignore = "slow: run with just faults"]
fn a_bit_that_turned_over_is_found_in_every_byte() {
    std::thread::scope(|scope| {
        for (rig, journal) in [finished(), interrupted()] {
            scope.spawn(move || flips(&rig, &journal, 1));
        }
    });
}

/// A line as we would have written it: these bytes, and the checksum of them.
fn sealed(body: &[u8]) -> Vec<u8> {
    let crc = format!(",\"crc\":\"{:08x}\"}}\n", crc32c::crc32c(body));
    [body, crc.as_bytes()].concat()
}

/// A line with one word in it replaced, sealed again.
fn reworded(line: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(line.to_vec()).unwrap();
    let body = &text[..text.rfind(",\"crc\"").unwrap()];
    assert!(body.contains(from), "{body}");
    sealed(body.replacen(from, to, 1).as_bytes())
}

/// Every other kind of damage: what it is, the journal with it, and the line that is to be named.
fn damages(journal: &[u8], other: &[u8]) -> Vec<(&'static str, Vec<u8>, usize)> {
    let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
    let foreign: Vec<&[u8]> = other.split_inclusive(|byte| *byte == b'\n').collect();
    let starts = |n: usize| lines[..n].iter().map(|line| line.len()).sum::<usize>();
    let with = |n: usize, middle: &[u8], to: usize| [&journal[..starts(n)], middle, &journal[starts(to)..]].concat();
    let zeros = |from: usize, count: usize| {
        let mut bytes = journal.to_vec();
        bytes[from..from + count].fill(0);
        bytes
    };
    let half = lines[4].len() / 2;
    let broken = [&lines[4][..half], b"\n", &lines[4][half..]].concat();
    let end = lines.len();
    let crlf = String::from_utf8(journal.to_vec()).unwrap().replace('\n', "\r\n").into_bytes();
    let after = |more: &[u8]| [journal, more].concat();
    let swapped = [lines[4], lines[3]].concat();
    let doubled = [lines[3], lines[3]].concat();
    let crc = |line: &[u8]| [&line[..line.len() - 12], b"00000000\"}\n"].concat();
    vec![
        ("zeros within a line", zeros(starts(4) + 10, 40), 5),
        ("zeros over a line break", zeros(starts(4) - 20, 40), 4),
        ("a block of zeros at the beginning", zeros(0, 512), 1),
        ("nothing but zeros and a line break", [&[0; 4096][..], b"\n", journal].concat(), 1),
        ("another run's line in place of one", with(3, foreign[3], 4), 4),
        ("another run's line between two", with(3, foreign[3], 3), 4),
        ("another run's line at the end", after(foreign[0]), end + 1),
        ("a line twice", with(3, &doubled, 4), 5),
        ("the last line twice", after(lines[end - 1]), end + 1),
        ("a line less", with(3, b"", 4), 4),
        ("the first line less", with(0, b"", 1), 1),
        ("two lines changed over", with(3, &swapped, 5), 4),
        ("line breaks of another system", crlf, 1),
        ("a line break in the middle of a line", with(4, &broken, 5), 5),
        ("an empty line", with(4, b"\n", 4), 5),
        ("a line that says nothing", with(4, b"{}\n", 4), 5),
        ("a sound line with a number of later", with(4, &reworded(lines[4], "\"seq\":5", "\"seq\":6"), 5), 5),
        ("a sound line with a number of before", with(4, &reworded(lines[4], "\"seq\":5", "\"seq\":4"), 5), 5),
        ("a sound line with number zero", with(4, &reworded(lines[4], "\"seq\":5", "\"seq\":0"), 5), 5),
        ("a sound line of an unknown kind", with(2, &reworded(lines[2], "workspace.created", "w.created"), 3), 3),
        ("a sound line that is no object", with(2, &sealed(b"[3"), 3), 3),
        ("another checksum", with(4, &crc(lines[4]), 5), 5),
        ("a mark of byte order", [b"\xef\xbb\xbf", journal].concat(), 1),
    ]
}

#[test]
fn every_other_damage_is_refused_with_its_line_by_every_command() {
    let other = Rig::new(&["a", "b", "c"], WRITES_A_FILE);
    other.run().exits(0);
    let foreign = fs::read(other.dir().join("events.jsonl")).unwrap();
    for (rig, journal) in [finished(), interrupted()] {
        let starts = rig.starts();
        for (why, damaged, line) in damages(&journal, &foreign) {
            for reader in READERS {
                is_refused_at(&rig, &damaged, line, reader, why);
            }
        }
        assert_eq!(rig.starts(), starts, "nothing went on");
    }
}

#[test]
fn a_journal_that_is_not_there_or_holds_nothing_is_refused_by_every_command() {
    let (rig, _) = finished();
    let path = rig.dir().join("events.jsonl");
    for content in [&b""[..], &[0; 4096], b"{\"v\":1,\"seq\":1"] {
        fs::write(&path, content).unwrap();
        for reader in READERS {
            ask(&rig, reader).exits(7).says("events.jsonl");
        }
        assert_eq!(fs::read(&path).unwrap(), content);
    }
    fs::remove_file(&path).unwrap();
    for reader in READERS {
        ask(&rig, reader).exits(7);
    }
    assert!(!path.exists(), "nothing was made in its place");
}

#[test]
fn what_a_power_cut_leaves_at_the_end_is_healed_and_nothing_is_glued_to_it() {
    let (rig, journal) = interrupted();
    let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
    let last = *lines.last().unwrap();
    let sound = &journal[..journal.len() - last.len()];
    let zeroed = [&last[..last.len() / 2], &vec![0; last.len() - last.len() / 2]].concat();
    let garbled = [&last[..last.len() / 2], &[b'x'; 30], b"\n"].concat();
    for torn in [&vec![0; 300][..], &zeroed, &garbled, &last[..last.len() - 1], &last[..1]] {
        restore(&rig, &[sound, torn].concat());
        fs::remove_file(rig.at("log")).unwrap();
        rig.resume().exits(0).says(&format!("a torn last line of {} B", torn.len()));
        let after = fs::read(rig.dir().join("events.jsonl")).unwrap();
        assert!(after.starts_with(sound));
        let next: Value =
            serde_json::from_slice(after[sound.len()..].split(|byte| *byte == b'\n').next().unwrap()).unwrap();
        assert_eq!((&next["kind"], &next["data"]["healed_bytes"]), (&"run.opened".into(), &torn.len().into()));
        rig.journal_is_clean();
    }
}
