//! The names of time zones: which are canonical, which are aliases, and what an abbreviation may mean.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{DateTime, Offset, TimeZone as _};
use chrono_tz::{OffsetName, Tz};

/// The canonical names, one for each place of the IANA database (the file `zone.tab` of its version 2025b, sorted). Other names
/// are aliases for old programs, such as `US/Pacific`; they are accepted.
const PLACES: &str = include_str!("names.txt");

/// The aliases, each with the canonical name or `UTC`, one pair a line: the links of the same version of the database, which are
/// in its file `backward`. Aliases of UTC and GMT stand for `UTC`. Names without a place, such as `Etc/GMT+5`, have no line.
const ALIASES: &str = include_str!("aliases.txt");

/// Two moments in 2025 with the clocks of winter and of summer, in seconds since 1970: 15 January and 15 July.
const SEASONS: [i64; 2] = [1_736_899_200, 1_752_537_600];

/// How many zones the error for an abbreviation names.
const MAX_MEANINGS: usize = 12;

/// Returns the canonical names of all places, in alphabetical order.
pub fn places() -> impl Iterator<Item = &'static str> {
    PLACES.lines()
}

/// Returns the aliases with their canonical names, in alphabetical order.
pub fn aliases() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALIASES.lines().filter_map(|line| line.split_once(' '))
}

/// Returns the aliases of a canonical name, separated by spaces.
pub fn aliases_of(name: &str) -> &'static str {
    // Every page with the form needs those of all places.
    static BY_NAME: LazyLock<HashMap<&str, String>> = LazyLock::new(|| {
        let mut by_name = HashMap::<_, String>::new();
        for (alias, name) in aliases() {
            let known = by_name.entry(name).or_default();
            if !known.is_empty() {
                known.push(' ');
            }
            known.push_str(alias);
        }
        by_name
    });
    BY_NAME.get(name).map(String::as_str).unwrap_or_default()
}

/// Returns the canonical name of a zone, or the name itself if it is no alias.
pub fn canonical(name: &str) -> &str {
    aliases().find(|(alias, _)| *alias == name).map_or(name, |(_, canonical)| canonical)
}

/// Returns the names of zones in which clocks show time under this abbreviation, such as `CEST`, in winter or in summer: first
/// one for each different time, then others. Empty if it is not an abbreviation.
pub fn meanings(abbreviation: &str) -> Vec<&'static str> {
    let mut rules = Vec::new();
    let (mut first, mut others) = (Vec::new(), Vec::new());
    // Zones without a name of their own are abbreviated by their offset.
    if !abbreviation.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return first;
    }
    for name in places() {
        let Ok(zone) = name.parse::<Tz>() else { continue };
        let offsets = SEASONS.map(|seconds| {
            let moment = DateTime::from_timestamp_secs(seconds).unwrap_or_default();
            zone.offset_from_utc_datetime(&moment.naive_utc())
        });
        let is_named = |offset: &<Tz as chrono::TimeZone>::Offset| {
            offset.abbreviation().is_some_and(|known| known.eq_ignore_ascii_case(abbreviation))
        };
        if !offsets.iter().any(is_named) {
            continue;
        }
        let rule = offsets.map(|offset| offset.fix());
        if rules.contains(&rule) {
            others.push(name);
        } else {
            rules.push(rule);
            first.push(name);
        }
    }
    first.extend(others);
    first.truncate(MAX_MEANINGS);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_zones_and_none_is_missing() {
        let places: Vec<_> = places().collect();
        assert!(places.is_sorted() && places.len() > 400, "{}", places.len());
        for name in &places {
            assert!(name.parse::<Tz>().is_ok(), "{name}");
        }
        for old in ["US/Pacific", "Asia/Calcutta", "Europe/Kiev", "EST5EDT"] {
            assert!(old.parse::<Tz>().is_ok() && !places.contains(&old), "{old}");
        }
    }

    #[test]
    fn an_alias_shows_the_time_of_its_canonical_name() {
        let offset = |name: &str, month: i64| {
            let moment = DateTime::from_timestamp_secs(SEASONS[0] + month * 30 * 86_400).expect("a time").naive_utc();
            name.parse::<Tz>().expect("a zone").offset_from_utc_datetime(&moment).fix()
        };
        assert!(aliases().count() > 140 && aliases().is_sorted());
        for (alias, canonical) in aliases() {
            assert!(places().all(|place| place != alias), "{alias}");
            assert!(canonical == "UTC" || places().any(|place| place == canonical), "{canonical}");
            for month in 0..12 {
                assert_eq!(offset(alias, month), offset(canonical, month), "{alias} and {canonical}");
            }
        }
        assert_eq!(
            ["Asia/Calcutta", "US/Pacific", "Zulu"].map(canonical),
            ["Asia/Kolkata", "America/Los_Angeles", "UTC"]
        );
        assert_eq!(["Europe/Berlin", "Etc/GMT+5", ""].map(canonical), ["Europe/Berlin", "Etc/GMT+5", ""]);
    }

    #[test]
    fn a_canonical_name_has_all_its_aliases() {
        assert_eq!(aliases_of("Asia/Kolkata"), "Asia/Calcutta");
        assert_eq!(aliases_of("Asia/Tokyo"), "Japan");
        assert_eq!(aliases_of("Nowhere"), "");
        let of_all: usize = places().chain(["UTC"]).map(|name| aliases_of(name).split_whitespace().count()).sum();
        assert_eq!(of_all, aliases().count());
    }

    #[test]
    fn each_name_that_is_accepted_is_offered_or_an_alias_or_has_no_place() {
        for zone in chrono_tz::TZ_VARIANTS {
            let name = zone.name();
            let is_known = name == "UTC" || places().any(|place| place == name) || canonical(name) != name;
            assert!(is_known || name.starts_with("Etc/GMT"), "{name}");
        }
    }

    #[test]
    fn an_abbreviation_may_mean_several_times() {
        let zones = meanings("cest");
        assert!(zones.contains(&"Europe/Berlin") && !zones.contains(&"Europe/London"), "{zones:?}");
        let zones = meanings("CST");
        assert_eq!(zones.len(), MAX_MEANINGS);
        for zone in ["America/Chicago", "America/Havana"] {
            assert!(zones.contains(&zone), "{zone} in {zones:?}");
        }
        assert!(zones.iter().any(|zone| zone.starts_with("Asia/")), "{zones:?}");
        for none in ["", "XYZ", "+03", "Europe/Berlin"] {
            assert!(meanings(none).is_empty(), "{none}");
        }
    }
}
