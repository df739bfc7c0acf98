//! Parts of files (RFC 9110, section 14): what a `Range` header asks for.

/// What part of a file is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The bytes from the first up to the last, both counted from 0.
    Bytes {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
    /// None: the part that was asked for lies behind the end of the file.
    OutOfReach,
}

/// The part of a file of `length` bytes that a `Range` header asks for. A header that is not understood asks for nothing,
/// as RFC 9110 has it (section 14.2), and neither does one for several parts: to send the whole is allowed, and a client
/// that asks for many small parts would get more than that.
#[must_use]
pub fn part_of(header: Option<&str>, length: u64) -> Part {
    let Some(range) = header.and_then(single_range) else {
        return Part::Whole;
    };
    let end = length.saturating_sub(1);
    match range {
        (Some(first), _) if first >= length => Part::OutOfReach,
        (None, Some(0)) => Part::OutOfReach,
        (None, Some(_)) if length == 0 => Part::OutOfReach,
        (Some(first), last) => Part::Bytes {
            first,
            last: last.unwrap_or(end).min(end),
        },
        (None, Some(count)) => Part::Bytes {
            first: length.saturating_sub(count),
            last: end,
        },
        (None, None) => Part::Whole,
    }
}

/// The two numbers of `bytes=first-last`, either of which may be left out, but not both.
fn single_range(header: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, ranges) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || ranges.contains(',') {
        return None;
    }
    let (first, last) = ranges.trim().split_once('-')?;
    let (first, last) = (number(first).ok()?, number(last).ok()?);
    match (first, last) {
        (None, None) => None,
        (Some(first), Some(last)) if first > last => None,
        range => Some(range),
    }
}

/// Something other than digits.
struct NotANumber;

/// Nothing for no digits at all; a number too large to count is as far as one can count.
fn number(text: &str) -> Result<Option<u64>, NotANumber> {
    let text = text.trim();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotANumber);
    }
    Ok((!text.is_empty()).then(|| text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_range_is_sent_and_anything_else_is_the_whole() {
        let bytes = |first, last| Part::Bytes { first, last };
        for (header, expected) in [
            ("bytes=0-4", bytes(0, 4)),
            ("bytes=5-", bytes(5, 9)),
            ("bytes=-3", bytes(7, 9)),
            ("bytes=-30", bytes(0, 9)),
            ("BYTES = 0-0", bytes(0, 0)),
            ("bytes=9-99", bytes(9, 9)),
            ("bytes=0-99999999999999999999999", bytes(0, 9)),
            ("bytes=10-", Part::OutOfReach),
            ("bytes=99999999999999999999999-", Part::OutOfReach),
            ("bytes=-0", Part::OutOfReach),
            ("bytes=0-1,4-5", Part::Whole),
            ("bytes=4-1", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("lines=0-4", Part::Whole),
            ("bytes", Part::Whole),
            ("", Part::Whole),
        ] {
            assert_eq!(part_of(Some(header), 10), expected, "{header}");
        }
        assert_eq!(part_of(None, 10), Part::Whole);
        assert_eq!(part_of(Some("bytes=0-"), 0), Part::OutOfReach);
    }

    proptest! {
        #[test]
        fn a_part_lies_within_the_file(header in "(bytes=)?[0-9]{0,21}-[0-9]{0,21}|\\PC*", length: u64) {
            if let Part::Bytes { first, last } = part_of(Some(&header), length) {
                prop_assert!(first <= last && last < length);
            }
        }
    }
}
