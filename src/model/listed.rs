//! What is known of models by their ids: list prices and limits, from the table that is part of the program.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Prices, Spec};

/// The table.
const TABLE: &str = include_str!("../../config/prices.yaml");

/// What is known of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    pub prices: Prices,
    pub context_tokens: u64,
    pub max_output_tokens: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    as_of: String,
    anthropic: BTreeMap<String, Row>,
    openai: BTreeMap<String, Row>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    input: crate::money::Usd,
    output: crate::money::Usd,
    #[serde(default)]
    cache_write: Option<crate::money::Usd>,
    #[serde(default)]
    cache_read: Option<crate::money::Usd>,
    context_tokens: u64,
    max_output_tokens: u32,
}

/// The row of a model that is asked at its provider's own address.
pub(super) fn listed(spec: &Spec) -> Option<Listed> {
    let service = spec.service().filter(|service| service.base_url.is_none())?;
    let table = table()?;
    let rows = match spec {
        Spec::Anthropic(_) => &table.anthropic,
        Spec::OpenAi(_) | Spec::OpenAiChat(_) => &table.openai,
        Spec::Replay(_) => return None,
    };
    let model = service.model.trim();
    let row = rows.get(model).or_else(|| rows.get(undated(model)?))?;
    let Row { input, output, cache_write, cache_read, context_tokens, max_output_tokens } = *row;
    Some(Listed { prices: Prices { input, output, cache_write, cache_read }, context_tokens, max_output_tokens })
}

/// The day on which the prices were looked up.
pub fn prices_as_of() -> String {
    table().map(|table| table.as_of).unwrap_or_default()
}

fn table() -> Option<Table> {
    serde_yaml::from_str(TABLE).ok()
}

/// Without the date behind it, `-20260115` or `-2026-01-15`.
fn undated(model: &str) -> Option<&str> {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let (rest, last) = model.rsplit_once('-')?;
    if digits(last, 8) {
        return Some(rest);
    }
    let (rest, month) = rest.rsplit_once('-')?;
    let (rest, year) = rest.rsplit_once('-')?;
    (digits(last, 2) && digits(month, 2) && digits(year, 4)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Usd;

    fn of(yaml: &str) -> Option<Listed> {
        listed(&serde_yaml::from_str(yaml).unwrap())
    }

    #[test]
    fn every_row_makes_sense_and_the_table_has_its_date() {
        let table: Table = serde_yaml::from_str(TABLE).unwrap();
        assert_eq!(prices_as_of().len(), "2026-11-21".len());
        for (id, row) in table.anthropic.iter().chain(&table.openai) {
            assert!(row.input > Usd::ZERO && row.output > row.input, "{id}");
            assert!(row.cache_read.is_some_and(|read| read > Usd::ZERO && read < row.input), "{id}");
            assert!(row.cache_write.is_none_or(|write| write > row.input), "{id}");
            assert!(row.context_tokens >= 32_000 && u64::from(row.max_output_tokens) < row.context_tokens, "{id}");
        }
        // A cache that is written to has a price of its own with Anthropic, and leaving it out would make it too cheap.
        assert!(table.anthropic.values().all(|row| row.cache_write.is_some()));
    }

    #[test]
    fn a_model_is_known_by_its_id_and_by_dated_ids_of_it_and_by_nothing_else() {
        let known = of("anthropic: {model: claude-sonnet-4-5}").unwrap();
        assert_eq!(known.prices.input, Usd::from_micros(3_000_000));
        for same in ["claude-sonnet-4-5-20250929", "claude-sonnet-4-5-2025-09-29"] {
            assert_eq!(of(&format!("anthropic: {{model: {same}}}")), Some(known), "{same}");
        }
        for other in ["claude-sonnet-4-5-fast", "claude-sonnet-4", "claude-sonnet-4-5-202509", "gpt-5", "-20250929", ""]
        {
            assert_eq!(of(&format!("anthropic: {{model: '{other}'}}")), None, "{other}");
        }
        assert_ne!(of("openai: {model: gpt-5-mini}"), of("openai: {model: gpt-5}"));
        assert_eq!(of("openai: {model: gpt-5}"), of("openai-chat: {model: gpt-5}"));
    }

    #[test]
    fn somebody_elses_address_has_prices_of_its_own() {
        assert_eq!(of("anthropic: {model: claude-sonnet-4-5, base_url: 'https://gateway.example'}"), None);
        assert_eq!(of("openai-chat: {model: gpt-5, base_url: 'http://127.0.0.1:1/v1'}"), None);
    }
}
