//! What is written is what is read; what was damaged is refused by line; what was cut short is healed.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::event::samples;
use crate::event::{Event, FORMAT, Kind};
use crate::ids::RunId;
use crate::sys::fs;

fn journal_of(events: &[Event], sync: SyncMode) -> (TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("events.jsonl");
    let mut journal = Journal::create(&path, &path, sync).unwrap();
    for event in events {
        journal.append(event).unwrap();
    }
    journal.close().unwrap();
    (temp, path)
}

fn encoded(event: &Event) -> Vec<u8> {
    line::encode(event).unwrap()
}

fn small(count: u64) -> Vec<Event> {
    (1..=count).map(|seq| samples::event(seq, Kind::reopened(format!("no. {seq}")))).collect()
}

fn place(error: &StoreError) -> Option<u64> {
    match error {
        StoreError::Damaged { line, .. } => Some(*line),
        _ => None,
    }
}

#[test]
fn every_kind_survives_write_and_read() {
    let events = samples::every_kind();
    let names: BTreeSet<_> = events.iter().map(|event| event.kind.name()).collect();
    let documented = include_str!("../event/kind.rs").matches("#[serde(rename = \"").count() - 1;
    assert_eq!(names.len(), documented, "samples lack a kind");
    for sync in [SyncMode::Power, SyncMode::Process] {
        let (_temp, path) = journal_of(&events, sync);
        assert_eq!(read(&path).unwrap(), events);
    }
}

#[test]
fn a_journal_goes_on_where_it_ended() {
    let events = small(5);
    let (_temp, path) = journal_of(&events[..3], SyncMode::Process);
    let Opened { mut journal, events: found, healed_bytes } = Journal::open(&path, SyncMode::Power).unwrap();
    assert_eq!((found.as_slice(), healed_bytes, journal.next_seq()), (&events[..3], 0, 4));
    assert!(matches!(journal.append(&events[4]), Err(StoreError::OutOfOrder { found: 5, expected: 4, .. })));
    journal.append(&events[3]).unwrap();
    journal.append(&events[4]).unwrap();
    journal.close().unwrap();
    assert_eq!(read(&path).unwrap(), events);
}

#[test]
fn a_journal_cut_at_any_byte_heals_to_a_prefix_and_goes_on() {
    let events = small(4);
    let (_temp, path) = journal_of(&events, SyncMode::Process);
    let whole = fs::read(&path, 1 << 20).unwrap();
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let lines = whole[..cut].split(|byte| *byte == b'\n').count() - 1;
        if lines == 0 {
            assert!(matches!(read(&path), Err(StoreError::Empty { .. })));
            assert!(matches!(Journal::open(&path, SyncMode::Process), Err(StoreError::Empty { .. })));
            continue;
        }
        assert_eq!(read(&path).unwrap(), events[..lines], "cut at {cut}");
        let torn = whole[..cut].iter().rev().take_while(|byte| **byte != b'\n').count();
        let mut opened = Journal::open(&path, SyncMode::Process).unwrap();
        assert_eq!(opened.healed_bytes, torn as u64);
        opened.journal.append(&samples::event(lines as u64 + 1, Kind::RunContinued {})).unwrap();
        opened.journal.close().unwrap();
        assert_eq!(read(&path).unwrap().len(), lines + 1);
    }
}

#[test]
fn any_bit_flipped_before_the_last_line_is_refused_with_its_line() {
    let (_temp, path) = journal_of(&small(3), SyncMode::Process);
    let whole = fs::read(&path, 1 << 20).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    let mut line = 1;
    for at in 0..=last {
        // All bits of the line breaks, which hold the lines apart; elsewhere one of each byte.
        for bit in if whole[at] == b'\n' { 0..8 } else { at % 8..at % 8 + 1 } {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            fs::write(&path, &bytes).unwrap();
            let error = read(&path).unwrap_err();
            assert_eq!(place(&error), Some(line), "byte {at} bit {bit}: {error}");
        }
        line += u64::from(whole[at] == b'\n');
    }
}

#[test]
fn zeros_and_foreign_bytes_are_healed_at_the_end_and_refused_before_it() {
    let (_temp, path) = journal_of(&small(3), SyncMode::Process);
    let whole = fs::read(&path, 1 << 20).unwrap();
    for tail in [&b"\0\0\0\0"[..], b"{\"v\":1", b"foreign\n", b"\xff\xfe"] {
        fs::write(&path, &[&whole, tail].concat()).unwrap();
        assert_eq!(read(&path).unwrap().len(), 3);
        assert_eq!(Journal::open(&path, SyncMode::Process).unwrap().healed_bytes, tail.len() as u64);
        fs::write(&path, &[tail, b"\n", &whole].concat()).unwrap();
        assert_eq!(place(&read(&path).unwrap_err()), Some(1));
    }
    assert_eq!(Journal::open(&path, SyncMode::Process).map(|_| ()).unwrap_err().kind(), StoreErrorKind::Damaged);
}

#[test]
fn gaps_and_lines_of_another_run_are_refused() {
    let mut events = small(3);
    let gap: Vec<u8> = [&events[0], &events[2]].into_iter().flat_map(encoded).collect();
    events[1].run = RunId::new("20261121-093312-ffff").unwrap();
    let mixed: Vec<u8> = events.iter().flat_map(encoded).collect();
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("events.jsonl");
    for bytes in [gap, mixed] {
        fs::write(&path, &bytes).unwrap();
        assert_eq!(place(&read(&path).unwrap_err()), Some(2));
    }
}

#[test]
fn lines_that_are_taken_apart_at_once_are_judged_as_if_they_were_read_in_order() {
    let long = |seq| samples::event(seq, Kind::reopened("x".repeat(100_000)));
    let short = small(7);
    let events = [short[0].clone(), long(2), short[2].clone(), long(4), short[4].clone(), short[5].clone()];
    let lines: Vec<Vec<u8>> = events.iter().map(|event| line::encode(event).unwrap()).collect();
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("events.jsonl");
    let judged = |lines: &[Vec<u8>]| {
        fs::write(&path, &lines.concat()).unwrap();
        let in_order = Reader::open(&path).unwrap().collect::<Result<Vec<_>, _>>();
        let at_once = read(&path);
        match (&in_order, &at_once) {
            (Ok(one), Ok(other)) => assert_eq!(one, other),
            (Err(one), Err(other)) => assert_eq!(format!("{one:?}"), format!("{other:?}")),
            _ => panic!("{in_order:?} and {at_once:?}"),
        }
        at_once
    };
    assert_eq!(judged(&lines).unwrap(), events);
    // Out of place, another run's, damaged, and of a later format, each alone and before a later fault.
    let foreign = Event { run: RunId::new("20201121-093312-a1b2").unwrap(), ..long(2) };
    let mut flipped = lines[1].clone();
    flipped[5000] ^= 1;
    // What its damage makes of a line is never looked at.
    let mut no_event = lines[1].clone();
    no_event[2] ^= 1;
    let newer = Event { v: FORMAT + 1, ..long(2) };
    for bad in [line::encode(&long(3)), line::encode(&foreign), Ok(flipped), Ok(no_event), line::encode(&newer)] {
        let mut lines = lines.clone();
        lines[1] = bad.unwrap();
        let alone = format!("{:?}", judged(&lines).unwrap_err());
        lines[4][20] ^= 1;
        assert_eq!(format!("{:?}", judged(&lines).unwrap_err()), alone);
    }
    let mut cut = lines[..4].to_vec();
    cut[3].truncate(70_000);
    assert_eq!(judged(&cut).unwrap(), events[..3]);
}

#[test]
fn a_newer_format_is_refused_by_name_whatever_its_shape() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("events.jsonl");
    for body in [r#"{"v":9,"nothing":"alike""#, r#"{"v":9,"seq":1"#] {
        let crc = crc32c::crc32c(body.as_bytes());
        fs::write(&path, format!("{body},\"crc\":\"{crc:08x}\"}}\n").as_bytes()).unwrap();
        match read(&path).unwrap_err() {
            StoreError::Newer { found, supported, .. } => assert_eq!((found, supported), (9, FORMAT)),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_missing_journal_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("events.jsonl");
    let error = read(&path).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Damaged);
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert_eq!(read(Path::new("/nowhere/events.jsonl")).unwrap_err().kind(), StoreErrorKind::Gone);
}

/// `/dev/full` takes nothing: every write to it fails as on a full disk.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_fails_the_journal_for_good_and_keeps_its_reason() {
    let file = fs::append(Path::new("/dev/full")).unwrap();
    let mut journal = journal::start(file, Path::new("/runs/x/events.jsonl"), SyncMode::Power, 0).unwrap();
    let events = small(2);
    journal.append(&events[0]).unwrap();
    let told = journal.urge().unwrap_err();
    assert_eq!(told.kind(), StoreErrorKind::Unwritable);
    let failed = wait_durable(&mut journal.durable(), 1).await.unwrap_err();
    let full = rustix::io::Errno::NOSPC.raw_os_error();
    assert_eq!(failed.io().and_then(std::io::Error::raw_os_error), Some(full));
    assert_eq!(failed.kind(), StoreErrorKind::Unwritable);
    let again = journal.append(&events[1]).unwrap_err();
    assert!(again.to_string().contains("/runs/x/events.jsonl"), "{again}");
    assert_eq!(again.io().and_then(std::io::Error::raw_os_error), Some(full));
    assert_eq!(journal.close().unwrap_err().kind(), StoreErrorKind::Unwritable);
}

/// A pipe takes the bytes but cannot be synced.
#[tokio::test]
async fn what_cannot_be_synced_is_never_called_safe() {
    for (sync, safe) in [(SyncMode::Power, false), (SyncMode::Process, true)] {
        let (_read, write) = rustix::pipe::pipe().unwrap();
        let mut journal = journal::start(File::from(write), Path::new("j"), sync, 0).unwrap();
        journal.append(&small(1)[0]).unwrap();
        let (told, tells) = std::sync::mpsc::channel();
        journal.urge_then(move || told.send(()).unwrap()).unwrap();
        assert_eq!(wait_durable(&mut journal.durable(), 1).await.is_ok(), safe);
        assert_eq!(tells.recv().is_ok(), safe, "what waits for it is done, or never");
        assert_eq!(journal.close().is_ok(), safe);
    }
}

#[tokio::test]
async fn what_nobody_waits_for_is_written_and_not_yet_called_safe() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("events.jsonl");
    let events = small(2);
    for (sync, behind) in [(SyncMode::Power, true), (SyncMode::Process, false)] {
        drop(fs::remove_file(&path));
        let mut journal = Journal::create(&path, &path, sync).unwrap();
        journal.append(&events[0]).unwrap();
        assert_eq!(fs::size(&path).unwrap(), 0, "lines are written together");
        journal.write().unwrap();
        assert_eq!(read(&path).unwrap(), events[..1]);
        assert_eq!(journal.is_behind(), behind);
        assert_eq!(matches!(*journal.durable().borrow(), Durable::Through(0)), behind);
        journal.append(&events[1]).unwrap();
        journal.urge().unwrap();
        wait_durable(&mut journal.durable(), 2).await.unwrap();
        assert!(!journal.is_behind());
        assert_eq!(read(&path).unwrap(), events);
    }
}

#[test]
fn a_panic_of_the_writer_is_told_as_such() {
    let (state, durable) = tokio::sync::watch::channel(Durable::Through(0));
    committer::guard(&state, Path::new("j"), || std::panic::resume_unwind(Box::new("boom")));
    let Durable::Failed(error) = durable.borrow().clone() else { panic!("it should have failed") };
    assert_eq!(StoreError::Failed(Arc::clone(&error)).kind(), StoreErrorKind::Internal);
}

#[test]
fn json_for_people_is_indented_stable_and_reads_back() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("x.json");
    let value = std::collections::BTreeMap::from([("b", 1), ("a", 2)]);
    write_json(&path, &value).unwrap();
    assert_eq!(fs::read_text(&path, 100).unwrap(), "{\n  \"a\": 2,\n  \"b\": 1\n}\n");
    let back: std::collections::BTreeMap<String, i32> = read_json(&path, 100).unwrap();
    assert_eq!(back["b"], 1);
    fs::write(&path, b"{").unwrap();
    assert_eq!(read_json::<Vec<u8>>(&path, 100).unwrap_err().kind(), StoreErrorKind::Damaged);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_survives_in_a_line(text in any::<String>()) {
        let event = samples::event(1, Kind::PlanProposed { round: 1, text, usage: crate::event::Usage::default() });
        let line = encoded(&event);
        prop_assert_eq!(line.split(|byte| *byte == b'\n').count(), 2);
        prop_assert_eq!(line::decode(&line[..line.len() - 1]).unwrap(), event);
    }

    #[test]
    fn any_bytes_are_refused_or_healed_but_never_believed(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("events.jsonl");
        fs::write(&path, &bytes).unwrap();
        prop_assert!(read(&path).is_err());
        let first = encoded(&samples::event(1, samples::run_started()));
        fs::write(&path, &[first.as_slice(), &bytes].concat()).unwrap();
        prop_assert!(read(&path).map_or(true, |events| events.len() == 1));
    }
}
