//! What tasks hand each other, and what agents answer.

use orchestra::message::{Handed, HandedKind, TaskMessage, TaskResult};

use crate::kit::{changed, hold, soon};

const RESULT: &str = r#"{"schema":"orchestra.result/v1","status":"failed","summary":"b","output":"long\ntext","files":["src/a.rs"],"artifacts":["r.txt"],"findings":[{"file":"src/a.rs","line":7,"severity":"error","text":"x"}],"usage":{"input_tokens":7},"extra":[1]}"#;
const PLAN: &str = r#"{"version":1,"summary":"S","steps":[{"text":"do it","files":["src/a.rs"]}],"files":[{"path":"src/a.rs","why":"w"}],"risks":["r"],"mood":1}"#;
const CODE: &str = r#"{"version":1,"summary":"S","files":["src/a.rs"],"tested":["cargo test"],"departures":["d"]}"#;
const REVIEW: &str = r#"{"version":1,"verdict":"reject","summary":"no","findings":[{"file":"a","line":1,"severity":"warning","text":"t"}]}"#;

#[test]
fn a_file_that_was_handed_on_is_written_and_read_to_the_same_again() {
    hold(1, changed([PLAN, CODE, REVIEW]), |bytes| {
        for kind in [HandedKind::Plan, HandedKind::Code, HandedKind::Review] {
            let Ok(handed) = soon(bytes.len(), || kind.read(&bytes)) else { continue };
            let written = match &handed {
                Handed::Plan(file) => serde_json::to_vec(file),
                Handed::Code(file) => serde_json::to_vec(file),
                Handed::Review(file) => serde_json::to_vec(file),
            };
            assert_eq!(kind.read(&written.unwrap()).unwrap(), handed);
        }
    });
}

#[test]
fn an_answer_is_cut_to_fit_its_line_once_and_for_all() {
    hold(1, changed([RESULT, RESULT, PLAN, CODE]), |bytes| {
        let Ok(result) = soon(bytes.len(), || serde_json::from_slice::<TaskResult>(&bytes)) else { return };
        let written = serde_json::to_vec(&result).unwrap();
        assert_eq!(serde_json::from_slice::<TaskResult>(&written).unwrap(), result);
        let small = result.clipped();
        assert!(serde_json::to_vec(&small).unwrap().len() <= TaskResult::MAX_BYTES);
        assert_eq!(small.clipped(), small);
        assert_eq!(small.status, result.status);
    });
}

#[test]
fn a_task_message_is_written_and_read_to_the_same_again() {
    let old = include_bytes!("../fixtures/messages/before-artifacts.json").as_slice();
    let new = serde_json::to_vec(&serde_json::from_slice::<TaskMessage>(old).unwrap()).unwrap();
    hold(1, changed([old, &new]), |bytes| {
        let Ok(message) = soon(bytes.len(), || serde_json::from_slice::<TaskMessage>(&bytes)) else { return };
        let written = serde_json::to_vec(&message).unwrap();
        assert_eq!(serde_json::from_slice::<TaskMessage>(&written).unwrap(), message);
    });
}
