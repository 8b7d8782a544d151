//! The time zones that the form of an export offers.

use chrono::{NaiveDate, NaiveTime};

use super::{TimeZone, names};
use crate::api::export_form::{OfferedTimezone, OfferedTimezones};
use crate::export_params::DEFAULT_TIMEZONE;

/// The hour of UTC at which the offset of a day is looked up. Clocks change at night almost everywhere.
const NOON: NaiveTime = NaiveTime::from_hms_opt(12, 0, 0).expect("an hour");

/// Returns the time zones that the form offers: first `own` and UTC, and `selected` if it has another name than a canonical one;
/// then the places of the world. Each has its offsets on `days`, the first and the last selected one.
pub fn offered(own: &str, selected: &str, days: [NaiveDate; 2]) -> OfferedTimezones {
    let mut first = vec![own];
    let is_place = names::places().any(|place| place == selected);
    for name in [DEFAULT_TIMEZONE, selected] {
        if !first.contains(&name) && (name == DEFAULT_TIMEZONE || !is_place) {
            first.push(name);
        }
    }
    let others = names::places().filter(|name| *name != own).map(|name| zone(name, days)).collect();
    OfferedTimezones { first: first.into_iter().map(|name| zone(name, days)).collect(), others }
}

fn zone(name: &str, days: [NaiveDate; 2]) -> OfferedTimezone {
    let zone = TimeZone::parse(name).ok();
    let offset = |day: NaiveDate| zone?.offset_minutes(day.and_time(NOON).and_utc().timestamp());
    OfferedTimezone {
        name: name.to_owned(),
        aliases: names::aliases_of(name).to_owned(),
        offsets: days.map(|day| offset(day).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(zones: &[OfferedTimezone]) -> Vec<&str> {
        zones.iter().map(|zone| &*zone.name).collect()
    }

    fn days(first: &str, last: &str) -> [NaiveDate; 2] {
        [first, last].map(|day| day.parse().expect("a day"))
    }

    #[test]
    fn the_own_zone_and_utc_come_first_and_no_alias_is_offered_unless_it_is_selected() {
        let winter = days("2025-12-01", "2025-12-02");
        let zones = offered("Europe/Berlin", "Europe/Berlin", winter);
        assert_eq!(names(&zones.first), ["Europe/Berlin", "UTC"]);
        let others = names(&zones.others);
        assert!(others.len() > 400 && !others.contains(&"Europe/Berlin") && others.contains(&"Asia/Kolkata"));
        assert!(!others.contains(&"Asia/Calcutta") && !others.contains(&"US/Pacific"));
        assert_eq!(names(&offered("UTC", "Asia/Tokyo", winter).first), ["UTC"], "a place has its own group");
        for alias in ["US/Pacific", "Etc/GMT+5"] {
            assert_eq!(names(&offered("Asia/Tokyo", alias, winter).first), ["Asia/Tokyo", "UTC", alias]);
        }
        let kolkata = zones.others.iter().find(|zone| zone.name == "Asia/Kolkata").expect("a place");
        assert_eq!((&*kolkata.aliases, kolkata.offsets), ("Asia/Calcutta", [330, 330]));
    }

    #[test]
    fn the_offsets_are_those_of_the_selected_days() {
        let berlin = |first, last| offered("Europe/Berlin", "UTC", days(first, last)).first[0].offsets;
        assert_eq!(berlin("2025-12-01", "2025-12-31"), [60, 60]);
        assert_eq!(berlin("2025-07-01", "2025-07-02"), [120, 120]);
        assert_eq!(berlin("2025-07-01", "2025-12-02"), [120, 60]);
    }
}
