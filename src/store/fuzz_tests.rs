//! Journals, line by line and whole, damaged in every way: what is believed is what was written.

use proptest::prelude::*;

use super::{line, read};
use crate::event::{Event, samples};
use crate::ids::RunId;
use crate::kit::{changed, changed_text, hold, soon};
use crate::sys::fs;

fn lines() -> Vec<Vec<u8>> {
    samples::every_kind().iter().map(|event| line::encode(event).unwrap()).collect()
}

#[test]
fn what_serde_takes_for_an_event_survives_its_line() {
    let corpus: Vec<String> = samples::every_kind().iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    hold(1, changed_text(corpus), |text| {
        let Ok(event) = serde_json::from_str::<Event>(&text) else { return };
        let line = line::encode(&event).unwrap();
        let (end, record) = line.split_last().unwrap();
        assert!(*end == b'\n' && !record.contains(&b'\n'));
        if event.v == crate::event::FORMAT {
            assert_eq!(line::decode(record).unwrap(), event);
            assert_eq!(line::kind(record), Some(event.kind.name().as_bytes()));
            assert!(line::envelope(record).is_ok());
        } else if event.v > crate::event::FORMAT {
            assert!(matches!(line::decode(record), Err(line::Fault::Newer(v)) if v == event.v));
        }
    });
}

#[test]
fn a_line_with_any_one_byte_changed_is_refused() {
    for line in lines() {
        let mut record = line[..line.len() - 1].to_vec();
        assert!(line::decode(&record).is_ok());
        for at in 0..record.len() {
            for bits in [1, 0x20, 0x80, 0xff] {
                record[at] ^= bits;
                assert!(line::decode(&record).is_err(), "byte {at} ^ {bits} of {}", String::from_utf8_lossy(&line));
                record[at] ^= bits;
            }
        }
    }
}

#[test]
fn of_a_damaged_journal_only_its_beginning_is_believed() {
    let ours = samples::every_kind();
    let other = RunId::new("20261121-093312-ffff").unwrap();
    let theirs: Vec<Event> = ours.iter().map(|event| Event { run: other.clone(), ..event.clone() }).collect();
    let journal = |events: &[Event]| events.iter().flat_map(|event| line::encode(event).unwrap()).collect::<Vec<u8>>();
    let corpus = [journal(&ours), journal(&ours[..3]), journal(&theirs), b"{\"v\":1}\n\0\0\0\0\n".to_vec()];
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("events.jsonl");
    hold(2, changed(corpus), |bytes| {
        fs::write(&path, &bytes).unwrap();
        let Ok(events) = soon(bytes.len(), || read(&path)) else { return };
        assert!(!events.is_empty());
        let is_beginning = |whole: &[Event]| whole.starts_with(&events);
        assert!(is_beginning(&ours) || is_beginning(&theirs), "{} events", events.len());
    });
}

#[test]
fn bytes_after_a_whole_record_are_seen_wherever_they_stand() {
    let lines = lines();
    hold(1, (any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..40)), |(which, after)| {
        let line = &lines[which.index(lines.len())];
        let record = &line[..line.len() - 1];
        let more = [record, &after].concat();
        let is_cut_short = after.iter().all(|byte| *byte == 0);
        assert_eq!(soon(more.len(), || line::has_trailing_bytes(&more)), !is_cut_short);
        assert!(!line::has_trailing_bytes(record));
    });
}
