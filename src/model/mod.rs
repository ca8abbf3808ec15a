//! The trait of one request to a language model.
