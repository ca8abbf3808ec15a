//! JSON schemas as providers take them: they hold a model to a part of JSON Schema only, and refuse the rest.

use serde_json::{Map, Value, json};

use super::Schema;

/// What a schema asks of a keyword that a provider does not know: it is told to the model in the description instead.
const UNENFORCED: [&str; 12] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "default",
];

/// What holds other schemas, by name.
const BY_NAME: [&str; 3] = ["properties", "$defs", "definitions"];

/// What holds a list of other schemas.
const LISTS: [&str; 2] = ["anyOf", "allOf"];

/// `schema` with all its objects closed, `oneOf` as `anyOf`, and every bound that cannot be enforced in the description;
/// nothing where an object takes keys of any name, which cannot be said this way.
///
/// Source: Anthropic, "Structured outputs", limits of JSON Schema.
pub(super) fn closed(schema: &Value) -> Option<Value> {
    let Value::Object(from) = schema else {
        return matches!(schema, Value::Bool(true)).then(|| schema.clone());
    };
    let mut to = Map::new();
    let mut notes = Vec::new();
    for (key, value) in from {
        match key.as_str() {
            "$schema" | "$id" | "title" | "examples" => {}
            "additionalProperties" if *value == Value::Bool(false) => {}
            "additionalProperties" | "patternProperties" | "not" | "if" | "then" | "else" => return None,
            key if BY_NAME.contains(&key) => {
                let Value::Object(named) = value else { return None };
                let named = named.iter().map(|(name, schema)| Some((name.clone(), closed(schema)?)));
                to.insert(key.to_owned(), Value::Object(named.collect::<Option<_>>()?));
            }
            "oneOf" => drop(to.insert("anyOf".to_owned(), list(value)?)),
            key if LISTS.contains(&key) => drop(to.insert(key.to_owned(), list(value)?)),
            "items" => drop(to.insert(key.clone(), closed(value)?)),
            key if UNENFORCED.contains(&key) => notes.push(format!("{key}: {value}")),
            _ => drop(to.insert(key.clone(), value.clone())),
        }
    }
    if is_object(from) {
        to.entry("properties").or_insert_with(|| json!({}));
        to.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    if !notes.is_empty() {
        let said = to.get("description").and_then(Value::as_str).map(|said| format!("{said} ")).unwrap_or_default();
        to.insert("description".to_owned(), Value::String(format!("{said}({})", notes.join(", "))));
    }
    Some(Value::Object(to))
}

/// Whether OpenAI's strict mode takes it: every object closed, every key required, and no keyword that it refuses.
///
/// Source: OpenAI, "Structured outputs", supported schemas.
pub(super) fn is_strict(schema: &Value) -> bool {
    let Value::Object(schema) = schema else { return false };
    let known = schema.iter().all(|(key, value)| match key.as_str() {
        key if BY_NAME.contains(&key) => value.as_object().is_some_and(|named| named.values().all(is_strict)),
        "anyOf" => value.as_array().is_some_and(|list| list.iter().all(is_strict)),
        "items" => is_strict(value),
        "oneOf" | "allOf" | "not" | "if" | "then" | "else" | "patternProperties" | "default" | "uniqueItems"
        | "minLength" | "maxLength" | "propertyNames" | "dependentRequired" | "dependentSchemas" => false,
        _ => true,
    });
    known && (!is_object(schema) || has_all_keys(schema))
}

/// The schema as an instruction, for who cannot be held to it.
pub(super) fn asked(schema: &Schema) -> String {
    format!(
        "Answer with one JSON document and nothing else: no fence around it, no word before or after it. It must be valid \
         against this JSON schema:\n{}",
        schema.schema
    )
}

fn is_object(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => schema.contains_key("properties"),
    }
}

fn has_all_keys(schema: &Map<String, Value>) -> bool {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required = schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    schema.get("additionalProperties") == Some(&Value::Bool(false))
        && properties.keys().all(|key| required.iter().any(|name| name == key))
}

fn list(value: &Value) -> Option<Value> {
    value.as_array()?.iter().map(closed).collect::<Option<_>>().map(Value::Array)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_closed_and_bounds_become_words() {
        let schema = json!({
            "$schema": "x", "type": "object", "required": ["n"], "$defs": {"e": {"type": "object"}},
            "properties": {
                "n": {"type": "integer", "minimum": 1, "maximum": 9, "description": "A number."},
                "l": {"type": "array", "minItems": 1, "items": {"oneOf": [{"type": "string"}, {"$ref": "#/$defs/e"}]}},
            },
        });
        let expected = json!({
            "type": "object", "required": ["n"], "additionalProperties": false,
            "$defs": {"e": {"type": "object", "properties": {}, "additionalProperties": false}},
            "properties": {
                "n": {"type": "integer", "description": "A number. (maximum: 9, minimum: 1)"},
                "l": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/e"}]},
                      "description": "(minItems: 1)"},
            },
        });
        assert_eq!(closed(&schema), Some(expected));
    }

    #[test]
    fn a_property_may_be_called_like_a_keyword() {
        let schema =
            json!({"type": "object", "properties": {"minimum": {"type": "string"}, "title": {"type": "string"}}});
        let closed = closed(&schema).expect("closed");
        assert_eq!(closed["properties"], schema["properties"]);
    }

    #[test]
    fn an_object_with_keys_of_any_name_cannot_be_closed() {
        assert_eq!(closed(&json!({"type": "object", "additionalProperties": {"type": "string"}})), None);
        assert_eq!(closed(&json!({"type": "array", "items": {"type": "object", "additionalProperties": true}})), None);
    }

    #[test]
    fn only_what_names_and_requires_every_key_is_strict() {
        let open = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]});
        assert!(!is_strict(&open));
        let strict = closed(&open).expect("closed");
        assert!(is_strict(&strict));
        let optional =
            json!({"type": "object", "properties": {"a": {}}, "required": [], "additionalProperties": false});
        assert!(!is_strict(&optional));
        assert!(!is_strict(&json!({"type": "array", "items": open})));
        assert!(!is_strict(&json!({"type": "string", "maxLength": 3})));
        assert!(is_strict(&json!({"anyOf": [{"type": "null"}, strict]})));
        assert!(!is_strict(&json!(true)));
    }
}
