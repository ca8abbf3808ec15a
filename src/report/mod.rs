//! PURE: what a run came to, as Markdown and JSON.
