//! Answers that end, but not as an answer should: never a success, and named.

use orchestra::event::FailureClass::{self, BadOutput, Unusable};
use orchestra::model::{Again, AskFailure};

use crate::fake::{Fake, Step, stream, whole};
use crate::rig::{Api, asked, is, not_streamed, send};

/// The recorded answer of `api` with some of it replaced: streamed and whole.
fn changed(api: Api, changes: &[(&str, &str)]) -> [Vec<Step>; 2] {
    let replaced = |text: &str| {
        let new = changes.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        assert_ne!(new, text, "nothing of {changes:?} is in it");
        new
    };
    // The document is written with blanks.
    let document = api.document().parse::<serde_json::Value>().unwrap().to_string();
    let json = [("content-type", "application/json")];
    [stream(replaced(api.stream()).as_bytes()), whole("200 OK", &json, replaced(&document).as_bytes())]
}

async fn ends(api: Api, [streamed, document]: [Vec<Step>; 2], class: FailureClass, detail: &str) {
    let fake = Fake::always(streamed);
    let answer = asked(api, &fake).await.0;
    let Err(AskFailure::Model(failure)) = answer else { panic!("{api:?} {detail}: {answer:?}") };
    is(&failure, class, Again::Never, detail);
    assert_eq!(fake.asked().len(), 1, "the same again would end the same way");
    assert_eq!(failure.usage.output_tokens, Some(89), "it was paid for");
    let fake = Fake::always(document);
    is(&send(&api.model(not_streamed(&fake.base()))).await.unwrap_err(), class, Again::Never, detail);
}

#[tokio::test]
async fn anthropics_reasons_to_stop_short_are_told_apart() {
    const FROM: &str = "\"stop_reason\":\"tool_use\"";
    for (to, class, detail) in [
        (r#""stop_reason":"max_tokens""#, BadOutput, "cut off at `max_output_tokens`"),
        (r#""stop_reason":"refusal""#, Unusable, "the model refused to answer"),
        (
            r#""stop_reason":"refusal","stop_details":{"explanation":"It is not safe."}"#,
            Unusable,
            "the model refused to answer: It is not safe.",
        ),
        (r#""stop_reason":"model_context_window_exceeded""#, Unusable, "do not fit the context window"),
        (r#""stop_reason":"pause_turn""#, BadOutput, "paused in the middle"),
        (r#""stop_reason":"new\u001b[2J""#, BadOutput, "unknown reason: `new\\u{1b}[2J`"),
        (r#""stop_reason":null"#, BadOutput, "unknown reason"),
    ] {
        ends(Api::Anthropic, changed(Api::Anthropic, &[(FROM, to)]), class, detail).await;
    }
}

#[tokio::test]
async fn the_reasons_of_chat_completions_to_stop_short_are_told_apart() {
    const FROM: &str = "\"finish_reason\":\"tool_calls\"";
    for (to, class, detail) in [
        (r#""finish_reason":"length""#, BadOutput, "cut off at `max_output_tokens`"),
        (r#""finish_reason":"content_filter""#, Unusable, "content filter"),
        (r#""finish_reason":"no_resource""#, BadOutput, "unknown reason: `no_resource`"),
    ] {
        ends(Api::Chat, changed(Api::Chat, &[(FROM, to)]), class, detail).await;
    }
    let refusal = changed(Api::Chat, &[(r#""refusal":null"#, r#""refusal":"I cannot help.""#)]);
    ends(Api::Chat, refusal, Unusable, "the model refused to answer: I cannot help.").await;
}

#[tokio::test]
async fn the_reasons_of_responses_to_stop_short_are_told_apart() {
    const NONE: &str = "\"incomplete_details\":null";
    const STATUS: &str = "\"status\":\"completed\"";
    for (to, class, detail) in [
        (r#""incomplete_details":{"reason":"max_output_tokens"}"#, BadOutput, "cut off at `max_output_tokens`"),
        (r#""incomplete_details":{"reason":"content_filter"}"#, Unusable, "content filter"),
        (r#""incomplete_details":{"reason":"another"}"#, BadOutput, "unknown reason: `another`"),
        (r#""incomplete_details":null"#, BadOutput, "unknown reason: `incomplete`"),
    ] {
        let status = r#""status":"incomplete""#;
        // In a stream the event says it, in a document the status.
        let changes = [("response.completed", "response.incomplete"), (STATUS, status), (NONE, to)];
        ends(Api::Responses, changed(Api::Responses, &changes), class, detail).await;
    }
    let error = r#""error":{"code":"invalid_prompt","message":"No such prompt."}"#;
    let failed =
        [("response.completed", "response.failed"), (STATUS, r#""status":"failed""#), (r#""error":null"#, error)];
    ends(Api::Responses, changed(Api::Responses, &failed), Unusable, "No such prompt.").await;
    let refusal = r#""content":[{"type":"refusal","refusal":"I cannot help."},{"#;
    let refused = changed(Api::Responses, &[(r#""content":[{"#, refusal)]);
    ends(Api::Responses, refused, Unusable, "the model refused to answer: I cannot help.").await;
}
