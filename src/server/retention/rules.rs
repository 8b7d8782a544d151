//! The rules of retention: until when each camera's events are kept, and what holds exempt. A day has 86,400 seconds, so the
//! moment does not depend on a time zone.

use std::ops::Range;
use std::time::Duration;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use crate::server::db::entity::{camera, hold};
use crate::server::db::unix_micros::UnixMicros;

/// The length of a day, in seconds.
const DAY_SECONDS: u64 = 86_400;

/// A rule that says for how many days events are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The setting `retention.keep_days`.
    General(u32),
    /// The camera's own number of days.
    Camera(u32),
}

impl Rule {
    /// Returns the rule of a camera; `None` if its events are kept for good. `general` is the setting; 0: for good.
    pub fn of(camera: &camera::Model, general: u32) -> Option<Self> {
        let rule = match camera.keep_days {
            Some(days) => Self::Camera(u32::try_from(days).unwrap_or_default()),
            None => Self::General(general),
        };
        (rule.days() > 0).then_some(rule)
    }

    /// Returns the number of days.
    pub fn days(self) -> u32 {
        match self {
            Self::General(days) | Self::Camera(days) => days,
        }
    }

    /// Returns its name in the records of deletions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::General(_) => "general",
            Self::Camera(_) => "camera",
        }
    }

    /// Returns the first moment whose events are kept at `now`.
    pub fn keeps_from(self, now: UnixMicros) -> UnixMicros {
        now - Duration::from_secs(DAY_SECONDS * u64::from(self.days()))
    }
}

/// The rules of all cameras, and the holds.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// All cameras, in the order of their keys.
    pub cameras: Vec<camera::Model>,
    /// The holds that are not released.
    holds: Vec<hold::Model>,
    general: u32,
    now: UnixMicros,
}

impl Rules {
    /// Reads the rules. `general` is the setting `retention.keep_days`.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn read(database: &impl ConnectionTrait, general: u32, now: UnixMicros) -> Result<Self, DbErr> {
        let cameras = camera::Entity::find().order_by_asc(camera::Column::Key).all(database).await?;
        let holds = hold::Entity::find().filter(hold::Column::ReleasedAt.is_null()).all(database).await?;
        Ok(Self { cameras, holds, general, now })
    }

    /// Returns the rule of a camera; `None` if its events are kept for good.
    pub fn rule_of(&self, camera: &camera::Model) -> Option<Rule> {
        Rule::of(camera, self.general)
    }

    /// Returns the ranges of time whose events of a camera may be deleted, in order.
    pub fn deletable(&self, camera: &camera::Model) -> Vec<Range<i64>> {
        let Some(rule) = self.rule_of(camera) else { return Vec::new() };
        without(i64::MIN..rule.keeps_from(self.now).as_micros(), self.held(camera))
    }

    /// Returns the ranges within `range` whose events of a camera must be kept, in order.
    pub fn kept(&self, camera: &camera::Model, range: Range<i64>) -> Vec<Range<i64>> {
        without(range, self.deletable(camera))
    }

    /// Returns the ranges within what the rule of a camera deletes whose events a hold keeps, in order.
    pub fn held_back(&self, camera: &camera::Model) -> Vec<Range<i64>> {
        let Some(rule) = self.rule_of(camera) else { return Vec::new() };
        self.held_within(camera, i64::MIN..rule.keeps_from(self.now).as_micros())
    }

    /// Returns the ranges within `range` whose events of a camera a hold keeps, in order.
    pub fn held_within(&self, camera: &camera::Model, range: Range<i64>) -> Vec<Range<i64>> {
        let free = without(range.clone(), self.held(camera));
        without(range, free)
    }

    fn held(&self, camera: &camera::Model) -> Vec<Range<i64>> {
        let is_for = |hold: &&hold::Model| hold.camera_id.as_ref().is_none_or(|id| *id == camera.id);
        let mut held: Vec<_> = self.holds.iter().filter(is_for).map(range_of).collect();
        held.sort_unstable_by_key(|range| range.start);
        held
    }
}

/// Returns the range of time of a hold.
pub fn range_of(hold: &hold::Model) -> Range<i64> {
    hold.starts_at.as_micros()..hold.ends_at.as_micros()
}

/// Returns what is left of a range without others, which are sorted by their starts and may overlap.
fn without(range: Range<i64>, others: Vec<Range<i64>>) -> Vec<Range<i64>> {
    let mut left = Vec::new();
    let mut start = range.start;
    for other in others {
        let end = other.start.min(range.end);
        if start < end {
            left.push(start..end);
        }
        start = start.max(other.end);
    }
    if start < range.end {
        left.push(start..range.end);
    }
    left
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn camera(id: &str, keep_days: Option<i32>) -> camera::Model {
        camera::Model {
            key: 1,
            id: id.to_owned(),
            name: None,
            source: None,
            keep_days,
            deleted_to: None,
            deleted_rows: 0,
        }
    }

    fn hold(camera_id: Option<&str>, days: Range<i64>) -> hold::Model {
        hold::Model {
            id: Uuid::from_u128(1),
            camera_id: camera_id.map(str::to_owned),
            starts_at: UnixMicros::new(days.start * DAY),
            ends_at: UnixMicros::new(days.end * DAY),
            why: String::new(),
            who: String::new(),
            created_at: UnixMicros::default(),
            released_at: None,
            released_by: None,
        }
    }

    fn rules(general: u32, holds: Vec<hold::Model>) -> Rules {
        Rules { cameras: Vec::new(), holds, general, now: UnixMicros::new(100 * DAY) }
    }

    #[test]
    fn a_camera_has_its_own_number_of_days_or_that_of_the_setting_and_zero_keeps_for_good() {
        for (own, general, expected) in [
            (None, 0, None),
            (None, 30, Some(Rule::General(30))),
            (Some(0), 30, None),
            (Some(7), 30, Some(Rule::Camera(7))),
            (Some(7), 0, Some(Rule::Camera(7))),
        ] {
            assert_eq!(Rule::of(&camera("a", own), general), expected);
        }
        let days = rules(30, Vec::new()).deletable(&camera("a", None));
        assert_eq!(days, vec![i64::MIN..70 * DAY]);
        assert_eq!(rules(u32::MAX, Vec::new()).deletable(&camera("a", None)).len(), 1, "it saturates");
    }

    #[test]
    fn holds_of_the_camera_and_of_all_cameras_are_left_out_and_may_overlap() {
        let holds = vec![
            hold(None, 20..30),
            hold(Some("a"), 10..25),
            hold(Some("b"), 0..50),
            hold(Some("a"), 65..80),
            hold(None, 90..95),
        ];
        let rules = rules(30, holds);
        let camera = camera("a", None);
        assert_eq!(rules.deletable(&camera), [i64::MIN..10 * DAY, 30 * DAY..65 * DAY]);
        assert_eq!(rules.held_back(&camera), [10 * DAY..30 * DAY, 65 * DAY..70 * DAY]);
        assert_eq!(rules.kept(&camera, 0..75 * DAY), [10 * DAY..30 * DAY, 65 * DAY..75 * DAY]);
        assert_eq!(rules.kept(&camera, 31 * DAY..60 * DAY), []);
    }

    #[test]
    fn a_hold_longer_than_all_days_keeps_everything() {
        let held = rules(7, vec![hold(None, -1_000..1_000)]);
        assert_eq!(held.deletable(&camera("a", None)).first(), Some(&(i64::MIN..-1_000 * DAY)));
    }
}
