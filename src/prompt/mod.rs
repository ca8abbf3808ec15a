//! Templates to text.
