//! What is in a project: files, languages, detected checks, ranked search.
