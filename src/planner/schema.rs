//! The JSON schemas that a model's answers follow, in the part of JSON Schema that providers hold a model to: every property
//! required, none besides, no bounds. What they cannot say is demanded when the answer is read.

use serde_json::{Value, json};

use crate::model::Schema;
use crate::plan::Role;

/// Of a plan. What a plan has besides is given by us.
pub(super) fn plan() -> Schema {
    let goal = object(&[
        ("summary", text("What the whole plan is for, in a sentence or two.")),
        ("success_criteria", list("Sentences that can be seen to hold or not.", &text("One of them."))),
    ]);
    let schema = object(&[
        ("title", text("One line for people.")),
        ("goal", goal),
        ("tasks", list("The work, in the order in which it is best read.", &task())),
    ]);
    Schema { name: "plan".to_owned(), schema }
}

/// Of a change of a plan.
pub(super) fn patch() -> Schema {
    let schema = object(&[
        ("reason", text("What went wrong and what changes, in a sentence or two.")),
        ("add", list("New tasks, under new ids.", &task())),
        ("replace", list("Tasks that have not been started, each as a whole as it shall be.", &task())),
        ("remove", list("Tasks that have not been started and are not needed any more.", &text("The id of one."))),
    ]);
    Schema { name: "plan_patch".to_owned(), schema }
}

fn task() -> Value {
    let roles: Vec<&str> = Role::ALL.into_iter().map(Role::as_str).collect();
    let scope = object(&[
        ("read", list("What it should read first.", &text("A path or glob, relative to the project."))),
        (
            "write",
            list("What it may change; empty where it changes nothing.", &text("A path or glob, as narrow as is safe.")),
        ),
    ]);
    object(&[
        ("id", text("Letters, digits, `.`, `_` and `-`, at most 64; unique.")),
        ("title", text("One line for people.")),
        ("role", json!({"type": "string", "enum": roles, "description": "What kind of work it is."})),
        ("instructions", text("What is to be done, and how one sees that it is done.")),
        ("depends_on", list("Tasks that must have succeeded before it.", &text("The id of one."))),
        ("scope", scope),
        (
            "checks",
            list("Checks of the project that decide over it; empty for those of its role.", &text("The name of one.")),
        ),
        ("artifacts", list("Files it must leave for others; mostly none.", &text("A path or glob."))),
    ])
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn list(description: &str, items: &Value) -> Value {
    json!({"type": "array", "description": description, "items": items})
}

fn object(properties: &[(&str, Value)]) -> Value {
    let required: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    let properties: serde_json::Map<String, Value> =
        properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What strict modes refuse: an object that leaves anything open, and words that they do not know.
    fn strict(schema: &Value, depth: usize) {
        let known = ["type", "properties", "required", "additionalProperties", "items", "enum", "description"];
        let object = schema.as_object().unwrap();
        assert!(object.keys().all(|key| known.contains(&key.as_str())), "{schema}");
        assert!(depth <= 5, "providers bound the nesting");
        match schema["type"].as_str().unwrap() {
            "object" => {
                assert_eq!(schema["additionalProperties"], false);
                let properties = schema["properties"].as_object().unwrap();
                let required: Vec<&str> =
                    schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
                assert_eq!(required.len(), properties.len());
                assert!(properties.keys().all(|key| required.contains(&key.as_str())));
                properties.values().for_each(|property| strict(property, depth + 1));
            }
            "array" => strict(&schema["items"], depth),
            "string" => {}
            other => panic!("{other}"),
        }
    }

    #[test]
    fn the_schemas_are_such_that_strict_modes_take_them() {
        for schema in [plan(), patch()] {
            strict(&schema.schema, 1);
            assert!(schema.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
        }
    }
}
