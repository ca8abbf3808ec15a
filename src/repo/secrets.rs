//! Files that look as if they held secrets, by their names: never shown to anybody.

/// Names that are secrets as a whole.
const NAMES: &[&str] = &[
    ".env",
    ".envrc",
    ".netrc",
    "_netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".my.cnf",
    ".htpasswd",
    ".git-credentials",
    ".dockercfg",
    "credentials",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "secrets.yaml",
    "secrets.yml",
    "secrets.json",
    "secrets.toml",
    "credentials.json",
    "service-account.json",
    "terraform.tfstate",
    // Of a system: accounts, and what processes were given.
    "shadow",
    "gshadow",
    "environ",
];
/// Endings of keys, stores of keys, and what is encrypted with them.
const ENDINGS: &[&str] = &[
    ".pem",
    ".key",
    ".p12",
    ".pfx",
    ".jks",
    ".keystore",
    ".kdbx",
    ".ppk",
    ".asc",
    ".gpg",
    ".age",
    ".tfvars",
    ".tfstate",
];
/// Folders that hold them.
const FOLDERS: &[&str] = &[".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker"];
/// What is an example says so, and holds none.
const EXAMPLES: &[&str] = &[".example", ".sample", ".template", ".dist"];

/// Whether a file looks as if it held secrets. `path` is relative, with `/` between its parts.
pub fn looks_secret(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    if folders.split('/').any(|folder| FOLDERS.contains(&folder)) {
        return true;
    }
    if EXAMPLES.iter().any(|ending| name.ends_with(ending)) {
        return false;
    }
    let is_env = name.starts_with(".env.") || name.strip_suffix(".env").is_some();
    is_env || NAMES.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_secret_is_known_by_its_name() {
        for secret in [
            ".env",
            "a/.ENV.local",
            "prod.env",
            "certs/server.pem",
            "deploy/id_rsa",
            ".ssh/config",
            "home/.aws/x",
            ".npmrc",
            "infra/terraform.tfstate",
        ] {
            assert!(looks_secret(secret), "{secret}");
        }
        for open in ["src/env.rs", ".env.example", "docs/keys.md", "src/key.rs", "id_rsa.rs", "environment", "a.envoy"]
        {
            assert!(!looks_secret(open), "{open}");
        }
    }
}
