//! Sizes as people type them: `500M`, `2G`, `1.5GiB`.

use std::str::FromStr;

/// An amount of bytes. Units are powers of 1024, as those of the sizes that are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// Why a text is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// Not a number with a unit.
    #[error("it is not a size like 500M, 2G or 1.5GiB")]
    NotASize,
    /// More than any disk holds.
    #[error("it is more than can be counted")]
    TooLarge,
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let factor: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" | "kib" => 1 << 10,
            "m" | "mb" | "mib" => 1 << 20,
            "g" | "gb" | "gib" => 1 << 30,
            "t" | "tb" | "tib" => 1 << 40,
            _ => return Err(SizeError::NotASize),
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits of a fraction would be parts of a byte.
        if !digits(whole) || !digits(part) || part.len() > 6 {
            return Err(SizeError::NotASize);
        }
        let tenth: u64 = 10_u64.pow(u32::try_from(part.len()).unwrap_or(0));
        let part: u64 = part.parse().map_err(|_| SizeError::NotASize)?;
        let whole: u64 = whole.parse().map_err(|_| SizeError::TooLarge)?;
        let bytes = whole.checked_mul(factor).and_then(|bytes| bytes.checked_add(part * factor / tenth));
        bytes.map(Self).ok_or(SizeError::TooLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_powers_of_1024() {
        for (text, bytes) in
            [("0", 0), ("700", 700), ("2G", 2 << 30), ("1.5 GiB", 3 << 29), ("500m", 500 << 20), ("1KB", 1024)]
        {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for bad in ["", "G", "-1G", "1.G", ".5G", "1e3", "1.2.3M", "2X", "NaN", "1.1234567G"] {
            assert_eq!(bad.parse::<Size>(), Err(SizeError::NotASize), "{bad}");
        }
        for much in ["99999999999999999999", "18446744073709551615K"] {
            assert_eq!(much.parse::<Size>(), Err(SizeError::TooLarge), "{much}");
        }
    }
}
