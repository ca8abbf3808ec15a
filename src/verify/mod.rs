//! Runs checks and says what they prove.
