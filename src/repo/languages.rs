//! Which languages a project is written in, by the endings of its files.

use std::collections::BTreeMap;

use super::Files;

/// How much of a project is in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageShare {
    /// The language's own name.
    pub name: &'static str,
    /// Files in it.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// The programming languages of a project, most files first, then by name. Data and documents are none.
pub fn languages(files: &Files) -> Vec<LanguageShare> {
    let mut shares: BTreeMap<&'static str, LanguageShare> = BTreeMap::new();
    for file in files {
        if let Some(name) = of_path(&file.path) {
            let share = shares.entry(name).or_insert(LanguageShare { name, files: 0, bytes: 0 });
            share.files += 1;
            share.bytes = share.bytes.saturating_add(file.size);
        }
    }
    let mut shares: Vec<_> = shares.into_values().collect();
    shares.sort_by(|a, b| b.files.cmp(&a.files).then(a.name.cmp(b.name)));
    shares
}

/// The programming language of a file, by its name.
pub(super) fn of_path(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "rs" => "Rust",
        "py" | "pyi" | "pyx" => "Python",
        "js" | "mjs" | "cjs" | "jsx" => "JavaScript",
        "ts" | "mts" | "cts" | "tsx" => "TypeScript",
        "go" => "Go",
        "c" | "h" => "C",
        "cc" | "cpp" | "cxx" | "hpp" | "hh" | "hxx" => "C++",
        "cs" => "C#",
        "java" => "Java",
        "kt" | "kts" => "Kotlin",
        "swift" => "Swift",
        "rb" | "rake" => "Ruby",
        "php" => "PHP",
        "scala" => "Scala",
        "sh" | "bash" | "zsh" | "fish" => "Shell",
        "lua" => "Lua",
        "ex" | "exs" => "Elixir",
        "erl" | "hrl" => "Erlang",
        "hs" => "Haskell",
        "ml" | "mli" => "OCaml",
        "clj" | "cljs" => "Clojure",
        "dart" => "Dart",
        "zig" => "Zig",
        "nim" => "Nim",
        "jl" => "Julia",
        "r" => "R",
        "pl" | "pm" => "Perl",
        "sql" => "SQL",
        "vue" => "Vue",
        "svelte" => "Svelte",
        "nu" => "Nushell",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::tree;
    use super::*;

    #[test]
    fn the_language_with_most_files_comes_first() {
        let root = tree(&[("a.py", "xx"), ("b.rs", ""), ("c/d.rs", "yyy"), ("e.json", "{}"), ("Makefile", "")]);
        let found = languages(&Files::list(root.path()).unwrap());
        assert_eq!(found[0], LanguageShare { name: "Rust", files: 2, bytes: 3 });
        assert_eq!(found[1], LanguageShare { name: "Python", files: 1, bytes: 2 });
        assert_eq!(found.len(), 2);
    }
}
