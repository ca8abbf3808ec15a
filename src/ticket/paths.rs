//! File paths in running text and logs.

/// File name endings that make a word without a slash a file.
const EXTENSIONS: &[&str] = &[
    "adoc",
    "asm",
    "astro",
    "awk",
    "bash",
    "bat",
    "bazel",
    "bzl",
    "c",
    "cc",
    "cfg",
    "cjs",
    "clj",
    "cljs",
    "cmake",
    "cmd",
    "conf",
    "cpp",
    "cs",
    "csproj",
    "css",
    "csv",
    "cts",
    "cu",
    "cxx",
    "dart",
    "diff",
    "dockerfile",
    "ejs",
    "el",
    "elm",
    "env",
    "erb",
    "erl",
    "ex",
    "exs",
    "fish",
    "fs",
    "fsx",
    "gemspec",
    "go",
    "gql",
    "gradle",
    "graphql",
    "groovy",
    "h",
    "haml",
    "hbs",
    "hcl",
    "hh",
    "hpp",
    "hrl",
    "hs",
    "htm",
    "html",
    "hxx",
    "ini",
    "ipynb",
    "j2",
    "java",
    "jinja",
    "jl",
    "js",
    "json",
    "json5",
    "jsonc",
    "jsonl",
    "jsx",
    "kt",
    "kts",
    "less",
    "lock",
    "lua",
    "m",
    "md",
    "mdx",
    "mjs",
    "mk",
    "ml",
    "mli",
    "mm",
    "mod",
    "mts",
    "nim",
    "nix",
    "nu",
    "patch",
    "php",
    "pl",
    "plist",
    "pm",
    "po",
    "prisma",
    "properties",
    "proto",
    "ps1",
    "psm1",
    "pug",
    "py",
    "pyi",
    "pyx",
    "r",
    "rake",
    "rb",
    "rkt",
    "rs",
    "rst",
    "sass",
    "sbt",
    "scala",
    "scm",
    "scss",
    "sh",
    "sln",
    "sol",
    "sql",
    "styl",
    "sum",
    "svelte",
    "svg",
    "swift",
    "tcl",
    "template",
    "tex",
    "tf",
    "tfvars",
    "thrift",
    "toml",
    "tpl",
    "ts",
    "tsx",
    "txt",
    "v",
    "vb",
    "vim",
    "vue",
    "wasm",
    "wat",
    "xaml",
    "xhtml",
    "xml",
    "xsd",
    "yaml",
    "yml",
    "zig",
    "zsh",
];
/// Files without such an ending.
const NAMES: &[&str] = &[
    "Makefile",
    "GNUmakefile",
    "makefile",
    "Dockerfile",
    "Containerfile",
    "Justfile",
    "justfile",
    "Rakefile",
    "Gemfile",
    "Procfile",
    "Vagrantfile",
    "Jenkinsfile",
    "CMakeLists.txt",
    "LICENSE",
    "CODEOWNERS",
    "BUILD",
    "WORKSPACE",
    ".gitignore",
    ".gitattributes",
    ".dockerignore",
    ".editorconfig",
    ".env",
    ".npmrc",
    ".envrc",
    ".bashrc",
];
/// Names of products that look like files.
const PRODUCTS: &[&str] = &[
    "node.js",
    "next.js",
    "vue.js",
    "three.js",
    "express.js",
    "nuxt.js",
    "d3.js",
    "react.js",
    "angular.js",
    "ember.js",
    "backbone.js",
    "chart.js",
    "discord.js",
    "electron.js",
    "asp.net",
    "socket.io",
];
/// Folders that many projects have at their top: a word in them is a path even without an ending.
const ROOTS: &[&str] = &[
    "src", "lib", "crates", "packages", "tests", "test", "docs", "doc", "app", "apps", "cmd", "internal", "pkg",
    "examples", ".github", "scripts", "benches", "config",
];
/// Places outside any project.
const OUTSIDE: &[&str] = &[
    "/usr/",
    "/etc/",
    "/dev/",
    "/proc/",
    "/sys/",
    "/tmp/",
    "/var/",
    "/opt/",
    "/bin/",
    "/sbin/",
    "/lib/",
    "/nix/",
    "/rustc/",
    "~/",
    "libstd/",
    "libcore/",
    "liballoc/",
    "libpanic_unwind/",
];
const MAX_BYTES: usize = 240;

/// The file a web address of a code host shows: what follows `/blob/REV/`, or `/raw/`, `/edit/`, `/blame/`.
pub(super) fn in_url(url: &str) -> Option<&str> {
    let (_, after_host) = url.split_once("://")?.1.split_once('/')?;
    let after =
        ["/blob/", "/raw/", "/edit/", "/blame/"].iter().find_map(|mark| Some(after_host.split_once(mark)?.1))?;
    let path = after.split_once('/')?.1.split(['#', '?']).next()?;
    (path.len() <= MAX_BYTES && !path.is_empty() && is_file_name(path.rsplit('/').next()?)).then_some(path)
}

/// `word` as a path of the project, or nothing if it is none.
pub(super) fn in_word(word: &str) -> Option<&str> {
    let word = word.trim_end_matches(['.', '-', '~', '+']).trim_start_matches(['-', '+', '@']);
    if word.len() > MAX_BYTES || word.len() < 3 || word.contains('@') && !word.contains('/') {
        return None;
    }
    if OUTSIDE.iter().any(|place| word.starts_with(place)) {
        return None;
    }
    let inside = within_project(word);
    let (folder, name) = inside.rsplit_once('/').unwrap_or(("", inside));
    let mut parts = folder.split('/');
    if !folder.is_empty() && parts.any(|part| matches!(part, "" | "." | "..")) {
        return None;
    }
    if folder.is_empty() {
        let is_product = PRODUCTS.contains(&name.to_ascii_lowercase().as_str());
        return (is_file_name(name) && !is_product && has_stem(name)).then_some(inside);
    }
    if looks_like_host(folder.split('/').next().unwrap_or_default()) {
        return None;
    }
    let known_root = ROOTS.contains(&folder.split('/').next().unwrap_or_default());
    (is_file_name(name) || (known_root && inside.matches('/').count() >= 1 && plain_folder(name))).then_some(inside)
}

/// Without what only holds on the machine where a log was made.
fn within_project(word: &str) -> &str {
    let mut path = word;
    while let Some(rest) = path.strip_prefix("./").or_else(|| path.strip_prefix("../")) {
        path = rest;
    }
    // Cargo's unpacked crates: `…/registry/src/INDEX/CRATE-VERSION/REST`.
    if let Some((_, rest)) = path.split_once("/registry/src/") {
        return rest.splitn(3, '/').nth(2).unwrap_or(rest);
    }
    // A folder for each person, then theirs.
    for home in ["/home/", "/Users/"] {
        if let Some(rest) = path.strip_prefix(home) {
            return rest.split_once('/').map_or(rest, |(_, rest)| rest);
        }
    }
    path.strip_prefix('/').unwrap_or(path)
}

fn is_file_name(name: &str) -> bool {
    if NAMES.contains(&name) {
        return true;
    }
    let Some((_, extension)) = name.rsplit_once('.') else { return false };
    EXTENSIONS.binary_search(&extension.to_ascii_lowercase().as_str()).is_ok()
        && name.chars().all(|c| c.is_alphanumeric() || "._-+@~".contains(c))
}

/// A name that is more than its ending, as `.js` is not.
fn has_stem(name: &str) -> bool {
    NAMES.contains(&name) || name.split_once('.').is_some_and(|(stem, _)| stem.chars().any(char::is_alphabetic))
}

fn plain_folder(name: &str) -> bool {
    !name.contains('.') && name.chars().all(|c| c.is_alphanumeric() || "_-".contains(c))
}

fn looks_like_host(first: &str) -> bool {
    let known = [".com", ".org", ".net", ".io", ".dev", ".app", ".ai", ".co"];
    first.matches('.').count() >= 1 && known.iter().any(|end| first.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endings_are_sorted_as_the_search_needs() {
        assert!(EXTENSIONS.is_sorted());
    }

    #[test]
    fn words_are_paths_only_if_they_name_a_file_of_the_project() {
        for (word, expected) in [
            ("crates/nu-parser/src/parser.rs", Some("crates/nu-parser/src/parser.rs")),
            ("./src/a.ts.", Some("src/a.ts")),
            ("../lib/b.py", Some("lib/b.py")),
            ("/src/main.rs", Some("src/main.rs")),
            ("/home/me/.cargo/registry/src/github.com-1ecc/axum-0.6.15/src/extract/x.rs", Some("src/extract/x.rs")),
            ("/home/me/project/x.go", Some("project/x.go")),
            ("src/ticket/", Some("src/ticket/")),
            ("claude-issue-triage.yml", Some("claude-issue-triage.yml")),
            ("Makefile", Some("Makefile")),
            (".gitignore", Some(".gitignore")),
            ("docs/größe.md", Some("docs/größe.md")),
            ("/etc/passwd.conf", None),
            ("Node.js", None),
            (".js", None),
            ("v1.3.74-0", None),
            ("some.domain.com/x.html", None),
            ("and/or", None),
            ("N/A", None),
            ("a/../../x.rs", None),
            ("me@host.rs", None),
        ] {
            assert_eq!(in_word(word), expected, "{word}");
        }
    }

    #[test]
    fn an_address_of_a_code_host_names_its_file() {
        assert_eq!(in_url("https://github.com/o/r/blob/main/src/a.rs#L10-L12"), Some("src/a.rs"));
        assert_eq!(in_url("https://gitlab.com/o/r/-/blob/v1/x/b.go?ref=1"), Some("x/b.go"));
        assert_eq!(in_url("https://example.com/a.rs"), None);
    }
}
