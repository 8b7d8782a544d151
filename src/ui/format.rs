//! Numbers for people.

/// A number of bytes, in the decimal units that browsers and file managers show: `812 bytes`, `4.9 MB`.
#[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown of it")]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if count < 1_000 {
        return if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") };
    }
    let mut value = count as f64 / 1_000.0;
    let mut unit = 0;
    // From here on, one digit after the point would read 1000.0.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A number with a comma after each three digits: `48,213`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many events, in words: `1 event`, `48,213 events`.
pub fn events(number: u64) -> String {
    if number == 1 { "1 event".to_owned() } else { format!("{} events", count(number)) }
}

/// A span of time to the second, or to the minute where it is long: `1 second`, `2 minutes`, `1 h 5 min`.
pub fn seconds(seconds: u64) -> String {
    match (seconds, seconds.div_ceil(60)) {
        (1, _) => "1 second".to_owned(),
        (0..=90, _) => format!("{seconds} seconds"),
        (_, minutes @ ..=90) => format!("{minutes} minutes"),
        (_, minutes) => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

/// A moment of RFC 3339 in UTC, to the second: `2025-12-16 12:00:05 UTC`.
pub fn moment(text: &str) -> String {
    let (day, time) = text.split_once('T').unwrap_or((text, ""));
    format!("{day} {} UTC", time.get(..8).unwrap_or(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_comma_after_each_three_digits() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (48_213, "48,213"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
    }

    #[test]
    fn spans_of_time_are_told_as_finely_as_it_matters() {
        for (span, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (90, "90 seconds"),
            (91, "2 minutes"),
            (5_400, "90 minutes"),
            (5_401, "1 h 31 min"),
        ] {
            assert_eq!(seconds(span), text);
        }
    }

    #[test]
    fn moments_are_told_to_the_second_and_in_utc() {
        assert_eq!(moment("2025-12-16T12:00:05.123Z"), "2025-12-16 12:00:05 UTC");
    }

    #[test]
    fn sizes_are_in_decimal_units_with_one_digit() {
        for (count, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (4_912_345, "4.9 MB"),
            (u64::MAX, "18446744.1 TB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }
}
