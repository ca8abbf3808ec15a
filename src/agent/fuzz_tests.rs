//! What agents print, and the changes they leave: read to the end, believed only where it is clear.

use proptest::prelude::*;

use super::builtin::read_patch;
use super::parse::{Answer, Have, parse};
use super::spec::Parser;
use crate::kit::{changed, changed_text, hold, soon};
use crate::message::{ResultStatus, TaskResult};

const RESULT: &str = r#"{"schema":"orchestra.result/v1","status":"failed","summary":"b","output":"long\ntext","files":["src/a.rs"],"findings":[{"file":"src/a.rs","line":7,"severity":"error","text":"x"}],"usage":{"input_tokens":7,"output_tokens":3}}"#;
const PRETTY: &str = "log {\n{\n  \"status\": \"done\",\n  \"summary\": \"c\"\n}\n";
const STREAM: &str =
    "{\"type\":\"start\"}\n{\"type\":\"delta\",\"text\":\"I look.\"}\n{\"status\":\"done\",\"summary\":\"a\"}\n";
const PROSE: &str = "I looked.\r\n\r\nFixed the\nbound.\n\n";

#[test]
fn a_result_that_was_read_is_the_last_line_or_all_there_is() {
    hold(1, changed([RESULT, RESULT, PRETTY, STREAM, PROSE]), |output| {
        let all = soon(output.len(), || parse(Parser::Json, &output, Have::All));
        let end = soon(output.len(), || parse(Parser::Json, &output, Have::End));
        if let Ok(answer) = &end {
            assert_eq!(all.as_ref().ok(), Some(answer), "its end was enough");
            // Whatever was printed before it changes nothing.
            let more = [b"log {\"status\":\"done\"}\n\xff\n", output.as_slice()].concat();
            assert_eq!(parse(Parser::Json, &more, Have::All).ok().as_ref(), Some(answer));
        }
        let Ok(Answer { result, .. }) = all else { return };
        let written = serde_json::to_vec(&result).unwrap();
        assert_eq!(parse(Parser::Json, &written, Have::All).unwrap().result, result);
        let cut = &written[..written.len() - 1];
        assert!(parse(Parser::Json, cut, Have::All).is_err(), "a result that was cut is none");
    });
}

#[test]
fn prose_is_summed_up_in_its_own_words() {
    hold(1, changed([PROSE, RESULT, STREAM]), |output| {
        let TaskResult { status, summary, output: more, .. } =
            soon(output.len(), || parse(Parser::Text, &output, Have::All)).unwrap().result;
        let said = String::from_utf8_lossy(&output).replace("\r\n", "\n");
        assert_eq!(status, ResultStatus::Done);
        assert!(summary.len() <= 1500 && said.contains(&summary) && said.contains(&more));
        assert!(more.len() <= said.len() && !summary.contains("\n\n"));
    });
}

#[test]
fn of_a_patch_every_line_is_taken_once_and_none_is_made_up() {
    let patch = "diff --git a/src/a.rs b/src/a.rs\nindex 1..2 100644\n--- a/src/a.rs\n+++ b/src/a.rs\n@@ -3,3 +3,4 @@ fn x\n keep\n--- not a header\n+++ nor this\n+new\n end\n\\ No newline at end of file\ndiff --git a/t b/t\ndeleted file mode 100644\n--- a/t\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n";
    hold(1, changed_text([patch]), |patch| {
        let files = soon(patch.len(), || read_patch(&patch));
        let count = |mark: char| patch.lines().filter(|line| line.starts_with(mark)).count();
        assert!(files.iter().map(|file| file.added.len()).sum::<usize>() <= count('+'));
        assert!(files.iter().map(|file| file.removed.len()).sum::<usize>() <= count('-'));
        for line in files.iter().flat_map(|file| file.added.iter().chain(&file.removed)) {
            assert!(patch.contains(&line.text));
        }
    });
}

proptest! {
    #[test]
    fn a_claim_survives_any_words_in_it(words in any::<String>(), done in any::<bool>()) {
        let status = if done { ResultStatus::Done } else { ResultStatus::Failed };
        let result = TaskResult { status, summary: words.clone(), output: words, ..TaskResult::default() };
        let line = serde_json::to_vec(&result).unwrap();
        prop_assert_eq!(parse(Parser::Json, &line, Have::End).unwrap().result, result);
    }
}
