//! PURE: text from strangers made safe for a terminal, Markdown and HTML; clipping; redaction.
