//! The JSON schema of a configuration file, for editors.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::shape::Layer;

/// The schema, in the draft that editors for YAML know best.
pub fn schema() -> Value {
    let mut value = SchemaSettings::draft07().into_generator().into_root_schema_for::<Layer>().to_value();
    if let Some(root) = value.as_object_mut() {
        root.insert("title".to_owned(), json!("orchestra.yaml"));
    }
    value
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::sys::fs;

    /// With `UPDATE_SCHEMAS` set the committed file is written anew.
    #[test]
    fn the_committed_schema_is_the_one_the_types_make() {
        const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/orchestra.schema.json");
        let made = format!("{:#}\n", schema());
        if option_env!("UPDATE_SCHEMAS").is_some() {
            fs::write(Path::new(PATH), made.as_bytes()).unwrap();
        }
        let committed = fs::read_text(Path::new(PATH), 1 << 20).unwrap_or_default();
        assert!(made == committed, "config/orchestra.schema.json is stale: UPDATE_SCHEMAS=1 cargo test schema");
    }

    /// The dotted keys a schema knows; what a map of the user's own names holds is not followed.
    fn keys_of_schema(root: &Value, schema: &Value, key: &str, keys: &mut Vec<String>) {
        let target =
            schema.get("$ref").or_else(|| schema.pointer("/allOf/0/$ref")).or_else(|| schema.pointer("/anyOf/0/$ref"));
        let schema = match target.and_then(Value::as_str) {
            Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap(),
            None => schema,
        };
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            keys.push(key.to_owned());
            return;
        };
        for (name, inner) in properties {
            let dot = if key.is_empty() { "" } else { "." };
            keys_of_schema(root, inner, &format!("{key}{dot}{name}"), keys);
        }
    }

    fn keys_of_value(value: &Value, key: &str, keys: &mut Vec<String>) {
        match value.as_object().filter(|map| !map.is_empty()) {
            Some(map) => {
                for (name, inner) in map {
                    let dot = if key.is_empty() { "" } else { "." };
                    keys_of_value(inner, &format!("{key}{dot}{name}"), keys);
                }
            }
            None => keys.push(key.to_owned()),
        }
    }

    #[test]
    fn the_defaults_and_the_schema_have_the_same_keys() {
        let (mut known, mut set) = (Vec::new(), Vec::new());
        keys_of_schema(&schema(), &schema(), "", &mut known);
        keys_of_value(&serde_yaml::from_str(super::super::sources::DEFAULT).unwrap(), "", &mut set);
        known.sort();
        set.sort();
        assert_eq!(set, known);
    }
}
