//! Settings compared key by key.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// A setting that differs; null where a side does not have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Setting {
    pub(super) key: String,
    pub(super) a: Option<Value>,
    pub(super) b: Option<Value>,
}

/// The keys in which two trees of settings differ, in order.
pub(super) fn compare(a: &Value, b: &Value) -> Vec<Setting> {
    let (a, b) = (leaves(a), leaves(b));
    let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let differs = |key: &&&String| a.get(**key) != b.get(**key);
    let setting = |key: &String| Setting {
        key: key.clone(),
        a: a.get(key).map(|value| (*value).clone()),
        b: b.get(key).map(|value| (*value).clone()),
    };
    keys.iter().filter(differs).map(|key| setting(key)).collect()
}

/// Every value that is no map, by its path. A list is one value: in most of them the order means something.
fn leaves(root: &Value) -> BTreeMap<String, &Value> {
    let mut found = BTreeMap::new();
    let mut open: Vec<(String, &Value)> = vec![(String::new(), root)];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (name, value) in fields {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    open.push((path, value));
                }
            }
            value => drop(found.insert(path, value)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_differ_by_their_paths() {
        let a = json!({"run": {"jobs": 1, "attempts": 2}, "agents": {"x": {"argv": ["a"]}}, "same": [1, 2]});
        let b = json!({"run": {"jobs": 4, "attempts": 2}, "checks": {}, "agents": {"x": {"argv": ["a", "b"]}}, "same": [1, 2]});
        let found = compare(&a, &b);
        let said: Vec<String> = found
            .iter()
            .map(|it| {
                format!("{}: {} → {}", it.key, it.a.clone().unwrap_or_default(), it.b.clone().unwrap_or_default())
            })
            .collect();
        assert_eq!(said, [r#"agents.x.argv: ["a"] → ["a","b"]"#, "checks: null → {}", "run.jobs: 1 → 4"]);
        assert!(compare(&a, &a).is_empty());
    }
}
