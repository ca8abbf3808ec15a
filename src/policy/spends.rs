//! What an agent says of its cost, as far as its kind tells before it has run.

/// Whether an agent uses tokens or money, and whether it tells how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Spends {
    /// It uses neither.
    #[default]
    Nothing,
    /// Its answer has a place to say how much.
    Tells,
    /// It may use any amount, and nobody will hear of it.
    Untold,
}
