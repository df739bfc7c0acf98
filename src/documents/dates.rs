//! Moments as people and programs write them: `March 3, 2017 at 4:05 pm`, `3 Mar 2017`, `2017-03-03T16:05:00+01:00`.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc};

use super::Confidence;

/// A moment, with what the text said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The moment. Without a time it is midnight, without a zone it is UTC.
    pub at: DateTime<Utc>,
    /// How much of it the text said.
    pub precision: Precision,
}

/// How much of a moment a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Day, time and offset from UTC.
    Zoned,
    /// Day and time.
    Local,
    /// The day alone.
    Day,
}

/// A longer text is prose, not a date.
const LONGEST_DATE: usize = 80;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Zone names with one meaning in the places that use them, and their offset from UTC in hours.
const ZONES: [(&str, i32); 11] = [
    ("utc", 0),
    ("gmt", 0),
    ("z", 0),
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
];

impl Moment {
    /// Reads a text that is a date, with or without a time, and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > LONGEST_DATE || !text.contains(|character: char| character.is_ascii_digit()) {
            return None;
        }
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Some(Self {
                at: at.with_timezone(&Utc),
                precision: Precision::Zoned,
            });
        }
        if let Ok(at) = DateTime::parse_from_rfc2822(text) {
            return Some(Self {
                at: at.with_timezone(&Utc),
                precision: Precision::Zoned,
            });
        }
        let mut words = Words::of(text);
        let day = words.day()?;
        let time = words.time().ok()?;
        let offset = words.offset();
        words.end()?;
        Self::compose(day, time, offset)
    }

    /// Certain when the text names the zone, else inferred.
    #[must_use]
    pub const fn confidence(self) -> Confidence {
        match self.precision {
            Precision::Zoned => Confidence::Certain,
            Precision::Local | Precision::Day => Confidence::Inferred,
        }
    }

    fn compose(day: NaiveDate, time: Option<NaiveTime>, offset: Option<FixedOffset>) -> Option<Self> {
        let (local, precision) = match (time, offset) {
            (Some(time), Some(_)) => (day.and_time(time), Precision::Zoned),
            (Some(time), None) => (day.and_time(time), Precision::Local),
            (None, None) => (day.and_time(NaiveTime::MIN), Precision::Day),
            (None, Some(_)) => return None,
        };
        Some(Self {
            at: to_utc(local, offset)?,
            precision,
        })
    }
}

fn to_utc(local: NaiveDateTime, offset: Option<FixedOffset>) -> Option<DateTime<Utc>> {
    match offset {
        Some(offset) => offset
            .from_local_datetime(&local)
            .single()
            .map(|at| at.with_timezone(&Utc)),
        None => Some(local.and_utc()),
    }
}

/// The words of a date that are not read yet, in lower case, without weekday and filler.
struct Words(std::iter::Peekable<std::vec::IntoIter<String>>);

impl Words {
    fn of(text: &str) -> Self {
        let text = split_iso_time(text).to_lowercase();
        let words = text.split(|character: char| character.is_whitespace() || character == ',');
        let words = words
            .map(|word| word.trim_end_matches('.'))
            .filter(|word| !word.is_empty());
        let words = words.filter(|word| !matches!(*word, "at" | "@" | "of") && !is_name_of(word, &WEEKDAYS, 3));
        Self(words.map(str::to_owned).collect::<Vec<_>>().into_iter().peekable())
    }

    fn day(&mut self) -> Option<NaiveDate> {
        let first = self.0.next()?;
        if let Some(day) = numeric_day(&first) {
            return Some(day);
        }
        let second = self.0.next()?;
        let (month, day) = match (month(&first), month(&second)) {
            (Some(month), _) => (month, day_of_month(&second)?),
            (None, Some(month)) => (month, day_of_month(&first)?),
            (None, None) => return None,
        };
        NaiveDate::from_ymd_opt(year(&self.0.next()?)?, month, day)
    }

    /// The time that comes next, or nothing when something else comes next.
    fn time(&mut self) -> Result<Option<NaiveTime>, NoSuchTime> {
        let Some(word) = self.0.peek().cloned() else {
            return Ok(None);
        };
        let (clock, glued_half) = split_half_of_day(&word);
        let Some(time) = clock_time(clock).or_else(|| glued_half.and_then(|_| whole_hour(clock))) else {
            return Ok(None);
        };
        self.0.next();
        let half = glued_half.or_else(|| self.half_of_day());
        half.map_or(Ok(time), |half| to_24_hours(time, half)).map(Some)
    }

    fn half_of_day(&mut self) -> Option<HalfOfDay> {
        let half = self.0.peek().and_then(|word| half_of_day(word))?;
        self.0.next();
        Some(half)
    }

    fn offset(&mut self) -> Option<FixedOffset> {
        let word = self.0.peek()?;
        let offset = zone(word.trim_matches(['(', ')'])).or_else(|| numeric_offset(word))?;
        self.0.next();
        Some(offset)
    }

    fn end(&mut self) -> Option<()> {
        self.0.next().is_none().then_some(())
    }
}

/// A time such as `14:00 am`.
struct NoSuchTime;

#[derive(Clone, Copy, PartialEq, Eq)]
enum HalfOfDay {
    Morning,
    Afternoon,
}

/// Parts `2017-03-03T16:05Z` and `16:05+01:00` into words; everything else stays as it is.
fn split_iso_time(text: &str) -> String {
    let Some((day, time)) = text.split_once('T') else {
        return text.to_owned();
    };
    match numeric_day(day) {
        Some(_) => {
            let zone_start = time.find(['+', '-', 'Z']).unwrap_or(time.len());
            let (clock, zone) = time.split_at_checked(zone_start).unwrap_or((time, ""));
            format!("{day} {clock} {zone}")
        }
        None => text.to_owned(),
    }
}

fn is_name_of(word: &str, names: &[&str], shortest: usize) -> bool {
    word.len() >= shortest && names.iter().any(|name| name.starts_with(word))
}

fn month(word: &str) -> Option<u32> {
    let word = if word == "sept" { "sep" } else { word };
    let position = MONTHS
        .iter()
        .position(|name| *name == word || (word.len() == 3 && name.starts_with(word)))?;
    u32::try_from(position).ok().map(|position| position + 1)
}

fn day_of_month(word: &str) -> Option<u32> {
    let digits = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|suffix| word.strip_suffix(suffix))
        .unwrap_or(word);
    number(digits, 2)
}

fn year(word: &str) -> Option<i32> {
    (word.len() == 4)
        .then(|| number(word, 4))
        .flatten()
        .and_then(|year| i32::try_from(year).ok())
}

fn number(digits: &str, longest: usize) -> Option<u32> {
    let plain = !digits.is_empty() && digits.len() <= longest && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// `2017-3-3`, `2017/03/03`, `3.3.2017`, and `13/3/2017` or `3/13/2017` where only one reading is a day.
fn numeric_day(word: &str) -> Option<NaiveDate> {
    let separator = word.chars().find(|character| !character.is_ascii_digit())?;
    let parts: Vec<&str> = word.split(separator).collect();
    let [first, second, third] = parts.as_slice() else {
        return None;
    };
    if let (Some(year), '-' | '/' | '.') = (year(first), separator) {
        return NaiveDate::from_ymd_opt(year, number(second, 2)?, number(third, 2)?);
    }
    let (first, second, year) = (number(first, 2)?, number(second, 2)?, year(third)?);
    match separator {
        '.' => NaiveDate::from_ymd_opt(year, second, first),
        '/' if first > 12 || first == second => NaiveDate::from_ymd_opt(year, second, first),
        '/' if second > 12 => NaiveDate::from_ymd_opt(year, first, second),
        _ => None,
    }
}

fn split_half_of_day(word: &str) -> (&str, Option<HalfOfDay>) {
    ["am", "pm", "a.m", "p.m"]
        .iter()
        .find_map(|suffix| word.strip_suffix(suffix).map(|clock| (clock, half_of_day(suffix))))
        .unwrap_or((word, None))
}

fn half_of_day(word: &str) -> Option<HalfOfDay> {
    match word {
        "am" | "a.m" => Some(HalfOfDay::Morning),
        "pm" | "p.m" => Some(HalfOfDay::Afternoon),
        _ => None,
    }
}

fn clock_time(clock: &str) -> Option<NaiveTime> {
    let (clock, _fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let parts: Vec<&str> = clock.split(':').collect();
    match parts.as_slice() {
        [hour, minute] => NaiveTime::from_hms_opt(number(hour, 2)?, number(minute, 2)?, 0),
        [hour, minute, second] => NaiveTime::from_hms_opt(number(hour, 2)?, number(minute, 2)?, number(second, 2)?),
        _ => None,
    }
}

fn whole_hour(clock: &str) -> Option<NaiveTime> {
    NaiveTime::from_hms_opt(number(clock, 2)?, 0, 0)
}

fn to_24_hours(time: NaiveTime, half: HalfOfDay) -> Result<NaiveTime, NoSuchTime> {
    let hour = match (time.hour(), half) {
        (0 | 12, HalfOfDay::Morning) => 0,
        (hour @ 1..12, HalfOfDay::Afternoon) => hour + 12,
        // Pages with both clocks at once (`16:05 pm`) exist.
        (hour @ 1..12, HalfOfDay::Morning) | (hour @ 12..24, HalfOfDay::Afternoon) => hour,
        _ => return Err(NoSuchTime),
    };
    time.with_hour(hour).ok_or(NoSuchTime)
}

fn zone(word: &str) -> Option<FixedOffset> {
    let (_, hours) = ZONES.iter().find(|(name, _)| *name == word)?;
    FixedOffset::east_opt(hours * 3600)
}

/// `+01:00`, `-0500` and `+1`.
fn numeric_offset(word: &str) -> Option<FixedOffset> {
    let (digits, sign) = match (word.strip_prefix('+'), word.strip_prefix('-')) {
        (Some(digits), _) => (digits, 1),
        (None, Some(digits)) => (digits, -1),
        (None, None) => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let seconds = number(hours, 2)? * 3600 + number(minutes, 2)? * 60;
    FixedOffset::east_opt(i32::try_from(seconds).ok()? * sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        Moment::parse(text).map(|moment| format!("{} {:?}", moment.at.format("%FT%TZ"), moment.precision))
    }

    #[test]
    fn dates_of_web_pages_are_read() {
        for (text, expected) in [
            ("March 3, 2017 at 4:05 pm", "2017-03-03T16:05:00Z Local"),
            ("March 3rd, 2017", "2017-03-03T00:00:00Z Day"),
            ("Friday, 3 March 2017 at 16:05", "2017-03-03T16:05:00Z Local"),
            ("Mar 3, 2017 4:05pm", "2017-03-03T16:05:00Z Local"),
            ("Sept. 9, 2017 at 12:10 a.m.", "2017-09-09T00:10:00Z Local"),
            ("3 Mar 2017 @ 12pm", "2017-03-03T12:00:00Z Local"),
            ("2017-03-03 16:05", "2017-03-03T16:05:00Z Local"),
            ("2017/03/03", "2017-03-03T00:00:00Z Day"),
            ("3.4.2017", "2017-04-03T00:00:00Z Day"),
            ("May 4, 2017 16:05 pm", "2017-05-04T16:05:00Z Local"),
            ("13/4/2017", "2017-04-13T00:00:00Z Day"),
            ("4/13/2017", "2017-04-13T00:00:00Z Day"),
            ("March 3, 2017 at 4:05 pm EST", "2017-03-03T21:05:00Z Zoned"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn dates_of_front_matter_are_read() {
        for (text, expected) in [
            ("2014-12-19", "2014-12-19T00:00:00Z Day"),
            ("2014-12-19 10:00:00 -0500", "2014-12-19T15:00:00Z Zoned"),
            ("2014-12-19T10:00:00-05:00", "2014-12-19T15:00:00Z Zoned"),
            ("2014-12-19T10:00:00Z", "2014-12-19T10:00:00Z Zoned"),
            ("2014-12-19T10:00", "2014-12-19T10:00:00Z Local"),
            ("2014-12-19T10:00+01:00", "2014-12-19T09:00:00Z Zoned"),
            ("2014-12-19 10:00:00.250 UTC", "2014-12-19T10:00:00Z Zoned"),
            ("2017-2-5", "2017-02-05T00:00:00Z Day"),
            ("Fri, 19 Dec 2014 10:00:00 +0000", "2014-12-19T10:00:00Z Zoned"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn prose_and_impossible_days_are_no_dates() {
        for text in [
            "",
            "March",
            "March 2017",
            "3/4/2017",
            "March 32, 2017",
            "2017-02-30",
            "in March 3, 2017 we met",
            "March 3, 2017 was cold",
            "1:05 pm",
            "2017-03-03 25:00",
            "at 4:05 pm",
            "12",
            "1.2.3",
            "May 4, 2017 14:05 am",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
