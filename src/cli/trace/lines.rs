//! Diagnostics as JSON objects: the event's own fields, and those of the spans around it (task, attempt).

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::sink::Sink;
use crate::sys::clock;

/// The version of a line, for those who read them with tools of their own.
const FORMAT: u32 = 1;
/// Longer values are cut: a line is for reading.
const VALUE: usize = 4096;

/// Makes a JSON object of each event and pushes it into the sink.
#[derive(Debug)]
pub(super) struct JsonLines {
    sink: Sink,
}

impl JsonLines {
    pub(super) fn new(sink: Sink) -> Self {
        Self { sink }
    }
}

#[derive(Debug, Default, Clone)]
struct Fields(Map<String, Value>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().replace(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let about = event.metadata();
        let mut line = Fields(Map::from_iter([
            ("v".to_owned(), FORMAT.into()),
            ("at".to_owned(), clock::now().to_string().into()),
            ("level".to_owned(), about.level().as_str().into()),
            ("target".to_owned(), about.target().into()),
        ]));
        for span in context.event_scope(event).into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
            if let Some(Fields(fields)) = span.extensions().get::<Fields>() {
                line.0.extend(fields.clone());
            }
        }
        event.record(&mut line);
        self.sink.push(line.0);
    }
}

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, crate::text::clip(value, VALUE));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::prelude::*;

    use super::super::TraceOf;
    use super::*;
    use crate::ids::{RunId, TraceId};
    use crate::sys::fs;

    #[test]
    fn a_line_has_the_fields_of_the_event_and_of_the_spans_around_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("trace.jsonl");
        let sink = Sink::default();
        let of = TraceOf {
            trace_id: TraceId::new("0af7651916cd43dd8448eb211c80319c").unwrap(),
            run: RunId::new("20261121-093312-a1b2").unwrap(),
        };
        sink.attach(&path, of).unwrap();
        let subscriber = tracing_subscriber::registry().with(JsonLines::new(sink));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("attempt", task = "fix", attempt = 2_u64);
            let _inside = span.enter();
            tracing::warn!(exit = 1, "it ended\u{1b}");
        });
        let text = fs::read_text(&path, 1 << 20).unwrap();
        let line: Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!((&line["task"], &line["attempt"], &line["exit"]), (&"fix".into(), &2.into(), &1.into()));
        assert_eq!((&line["level"], &line["message"]), (&"WARN".into(), &"it ended\u{1b}".into()));
        assert!(!text.contains('\u{1b}'), "a file of ours holds no escapes");
    }
}
