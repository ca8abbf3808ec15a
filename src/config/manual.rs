//! `docs/configuration.md`, made of the defaults, the schema, and of what the layers really do with a file that was found.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::sources::DEFAULT;
use super::tests::World;
use crate::sys::fs;

/// Everything below this line of the document is made here; everything above it is written by hand.
const MARK: &str = "<!-- Generated from here on, from config/default.yaml and the schema: UPDATE_SCHEMAS=1 cargo test --lib schema -->\n";

/// With `UPDATE_SCHEMAS` set the part below the mark is written anew.
#[test]
fn the_manual_of_the_configuration_is_what_schema_and_defaults_make() {
    const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
    let document = fs::read_text(Path::new(PATH), 1 << 20).unwrap();
    let (by_hand, committed) = document.split_once(MARK).unwrap();
    let made = manual();
    if option_env!("UPDATE_SCHEMAS").is_some() {
        fs::write(Path::new(PATH), format!("{by_hand}{MARK}{made}").as_bytes()).unwrap();
    } else {
        assert!(made == committed, "docs/configuration.md is stale: UPDATE_SCHEMAS=1 cargo test --lib schema");
    }
}

fn manual() -> String {
    let schema = super::schema();
    let defaults: Value = serde_yaml::from_str(DEFAULT).unwrap();
    let mut out = String::new();
    for entry in entries(DEFAULT) {
        let value = entry.key.split('.').fold(&defaults, |value, part| &value[part]);
        let kind = at(&schema, &entry.key);
        let level = if entry.key.contains('.') { "###" } else { "##" };
        let _ = write!(out, "\n{level} `{}`\n\n{}", entry.key, entry.words(kind));
        if value.as_object().is_none_or(serde_json::Map::is_empty) {
            out.push_str(&facts(&entry.key, kind, value, &schema));
        }
        if let Some(named) = kind["patternProperties"].as_object().and_then(|named| named.values().next()) {
            out.push_str(&table(&entry.key, named, &schema));
        }
    }
    out
}

/// One key of the defaults, with the comment above it.
struct Entry {
    key: String,
    comment: Vec<String>,
}

/// The keys of the embedded file, in its order; one level below the sections at most, as the file is written.
fn entries(text: &str) -> Vec<Entry> {
    let (mut found, mut comment, mut section) = (Vec::new(), Vec::new(), String::new());
    for line in text.lines() {
        let inner = line.trim_start();
        if let Some(words) = inner.strip_prefix('#') {
            comment.push(words.strip_prefix(' ').unwrap_or(words).to_owned());
        } else if let Some((name, _)) = inner.split_once(':') {
            let key = if line.len() == inner.len() { name.to_owned() } else { format!("{section}.{name}") };
            if line.len() == inner.len() {
                section.clone_from(&key);
            }
            found.push(Entry { key, comment: std::mem::take(&mut comment) });
        } else {
            // What stands above an empty line belongs to the file as a whole.
            comment.clear();
        }
    }
    found
}

impl Entry {
    /// The comment, or else what the schema says, as Markdown: words, and an example where it is set off by two more columns.
    fn words(&self, kind: &Value) -> String {
        let set_off = |line: &&String| line.starts_with("  ");
        let words: Vec<&str> = self.comment.iter().filter(|line| !set_off(line)).map(String::as_str).collect();
        let example: Vec<&String> = self.comment.iter().filter(set_off).collect();
        let words = if words.is_empty() { kind["description"].as_str().into_iter().collect() } else { words };
        let mut out = format!("{}\n", words.join("\n"));
        if !example.is_empty() {
            let _ = write!(out, "\n<!-- run: config -->\n```yaml\n{}:\n", self.key);
            for line in example {
                let _ = writeln!(out, "{line}");
            }
            out.push_str("```\n");
        }
        out
    }
}

/// The schema of a dotted key.
fn at<'a>(schema: &'a Value, key: &str) -> &'a Value {
    key.split('.').fold(schema, |kind, part| followed(&followed(kind, schema)["properties"][part], schema))
}

/// A reference's target.
fn followed<'a>(kind: &'a Value, schema: &'a Value) -> &'a Value {
    let target = ["/$ref", "/allOf/0/$ref", "/anyOf/0/$ref"].iter().find_map(|path| kind.pointer(path));
    match target.and_then(Value::as_str) {
        Some(target) => followed(schema.pointer(target.trim_start_matches('#')).unwrap(), schema),
        None => kind,
    }
}

/// What a value may be, in words.
fn kind_of(kind: &Value, schema: &Value) -> String {
    let kind = followed(kind, schema);
    if let Some(choices) = choices(kind) {
        return choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(" or ");
    }
    let name = kind["type"].as_str().or_else(|| kind["type"][0].as_str()).unwrap_or_default();
    match name {
        "integer" => {
            let number = format!("a whole number, {} to {}", kind["minimum"], kind["maximum"]);
            if kind["pattern"] == "^auto$" { format!("{number}, or `auto`") } else { number }
        }
        "number" if kind.get("exclusiveMinimum").is_some() => format!("a number above 0, up to {}", kind["maximum"]),
        "number" if kind.get("maximum").is_some() => format!("a number, {} to {}", kind["minimum"], kind["maximum"]),
        "number" => "a number, 0 or more".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "array" if kind["items"]["type"] == "array" => "a list of commands, each a list of arguments".to_owned(),
        "array" => "a list of strings".to_owned(),
        "object" => "a map by name".to_owned(),
        "string" => match kind["pattern"].as_str() {
            Some(pattern) if pattern.contains("(ms|s|") => "a duration, such as `90s`, `10m` or `1h30m`".to_owned(),
            Some(pattern) if pattern.contains("://") => "an address, http or https".to_owned(),
            Some(_) => "a name".to_owned(),
            None => "a string".to_owned(),
        },
        _ => format!("`{}`", kind["enum"][0]),
    }
}

fn choices(kind: &Value) -> Option<Vec<&str>> {
    kind["oneOf"].as_array()?.iter().map(|one| one["const"].as_str()).collect()
}

fn facts(key: &str, kind: &Value, value: &Value, schema: &Value) -> String {
    let variable = format!("ORCHESTRA_CFG__{}", key.to_uppercase().replace('.', "__"));
    let shown = match value {
        Value::Null => "not set".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    };
    format!(
        "\n- **Value:** {}\n- **Default:** {shown}\n- **Variable:** `{variable}`\n- **In an untrusted file:** {}\n",
        kind_of(kind, schema),
        found_file(key, kind, value, schema)
    )
}

/// What a file that was found, and not named, may do with the key: tried out.
fn found_file(key: &str, kind: &Value, value: &Value, schema: &Value) -> String {
    let (mut taken, mut refused) = (0, None);
    for (weaker, tried) in trials(key, followed(kind, schema), value) {
        let mut user = weaker.map(|weaker| nested(key, &weaker)).unwrap_or_default();
        // A planner that asks a model needs one.
        user.push_str("models: {main: {openai-chat: {model: x}}}\n");
        let loaded = World::new().user(&user).discovered(&nested(key, &tried)).load();
        let loaded = loaded.unwrap_or_else(|errors| panic!("{key}: {tried}: {errors:?}"));
        match loaded.ignored.first() {
            Some(ignored) => refused = Some(ignored.why),
            None => taken += 1,
        }
    }
    match refused {
        None => "applies".to_owned(),
        Some(why) if taken == 0 => format!("ignored: {why}"),
        Some(why) => format!("applies if it tightens, otherwise ignored: {why}"),
    }
}

/// Values that differ from a weaker one in every direction: what the user's own file says, and what the found one says.
fn trials(key: &str, kind: &Value, value: &Value) -> Vec<(Option<String>, String)> {
    if let Some(choices) = choices(kind) {
        let pairs = choices.iter().flat_map(|weaker| choices.iter().map(move |tried| (*weaker, *tried)));
        let unlike = pairs.filter(|(weaker, tried)| weaker != tried);
        return unlike.map(|(weaker, tried)| (Some(weaker.to_owned()), tried.to_owned())).collect();
    }
    let pair = |weaker: &str, tried: &str| (Some(weaker.to_owned()), tried.to_owned());
    let only = |tried: &str| (None, tried.to_owned());
    match (key, value) {
        ("review.threshold", _) => vec![pair("0.5", "0.4"), pair("0.5", "0.6")],
        (_, Value::Number(number)) if kind.get("minimum").is_some() => {
            let least = kind["minimum"].as_u64().unwrap().max(2);
            let weaker = number.as_u64().unwrap().max(least);
            let (least, more) = (least.to_string(), (least + 1).to_string());
            vec![pair(&weaker.to_string(), &(weaker - 1).to_string()), pair(&least, &more)]
        }
        (_, Value::Number(_)) if kind.get("exclusiveMinimum").is_some() => vec![pair("2", "1.5"), pair("1.5", "2")],
        (_, Value::Bool(_)) => vec![pair("false", "true"), pair("true", "false")],
        (_, Value::String(text)) if text.parse::<crate::time::Span>().is_ok() => {
            vec![pair("2m", "1m"), pair("1m", "2m")]
        }
        ("agents", _) => vec![only("{x: {command: {argv: [x]}}}")],
        ("models", _) => vec![only("{x: {openai-chat: {model: x}}}")],
        ("planner.model", _) => vec![only("main")],
        ("model.record" | "prompts.dir", _) => vec![only("sub")],
        ("checks", _) => vec![only("{x: {run: [x]}}")],
        ("planner.template", _) => vec![only("default"), only("flow.yaml")],
        // The agent is one that the same file brings, or one that was there.
        (role, _) if role.starts_with("roles.") => {
            vec![only("builtin"), only("x}\nagents: {x: {command: {argv: [x]}}")]
        }
        ("project.root" | "runs.dir", _) => vec![only("sub"), only("../..")],
        (_, Value::Array(_)) if kind["items"]["type"] == "array" => vec![only("[[x]]")],
        (_, Value::Array(_)) => vec![only("[X]")],
        _ => vec![only(&value.to_string())],
    }
}

/// `{run: {jobs: 2}}`
fn nested(key: &str, value: &str) -> String {
    match key.split_once('.') {
        Some((section, name)) => format!("{section}: {{{name}: {value}}}\n"),
        None => format!("{key}: {value}\n"),
    }
}

/// What stands under a name that the user chose.
fn table(key: &str, named: &Value, schema: &Value) -> String {
    let mut rows = Vec::new();
    let named = followed(named, schema);
    for variant in named["oneOf"].as_array().into_iter().flatten() {
        for (name, kind) in variant["properties"].as_object().into_iter().flatten() {
            let said = variant["description"].as_str().unwrap_or_default();
            rows.push(format!("| `NAME.{name}` | a map | {said} |\n"));
            rows.extend(rows_of(&format!("NAME.{name}."), followed(kind, schema), schema));
        }
    }
    rows.extend(rows_of("NAME.", named, schema));
    let head = format!(
        "\nUnder `{key}`, with a name of your own for NAME:\n\n| key | value | what it does |\n|---|---|---|\n"
    );
    rows.into_iter().fold(head, |out, row| out + &row)
}

fn rows_of(path: &str, kind: &Value, schema: &Value) -> Vec<String> {
    let properties = kind["properties"].as_object().into_iter().flatten();
    let rows = |(name, kind): (&String, &Value)| {
        let said = kind["description"].as_str().unwrap_or_default().replace('\n', " ");
        let default = kind["default"].as_str().filter(|default| !default.is_empty());
        let default = default.map(|default| format!("; `{default}` if left out")).unwrap_or_default();
        let mut rows = vec![format!("| `{path}{name}` | {}{default} | {said} |\n", kind_of(kind, schema))];
        rows.extend(rows_of(&format!("{path}{name}."), followed(kind, schema), schema));
        rows
    };
    properties.flat_map(rows).collect()
}

#[test]
fn every_key_of_the_schema_has_its_section_in_the_manual() {
    let headings = manual();
    for key in ["version", "run.jobs", "limits.quota_wait", "agents", "checks", "roles.review", "runs.dir"] {
        assert!(headings.contains(&format!("# `{key}`\n")), "{key}");
    }
    assert!(
        headings.contains("`ORCHESTRA_CFG__RUN__JOBS`") && headings.contains("| `NAME.command.argv` |"),
        "{headings}"
    );
}
