//! One detection of motion, as it is stored: with keys in place of texts.

use std::ops::RangeInclusive;

use sea_orm::entity::prelude::*;

/// The years in UTC whose moments have a year of four digits in every time zone.
pub const WRITABLE_YEARS: RangeInclusive<i32> = 2..=9998;

/// A row of `motion_events`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "motion_events")]
pub struct Model {
    /// When motion was detected, in microseconds since 1970-01-01T00:00:00Z.
    #[sea_orm(primary_key, auto_increment = false)]
    pub timestamp: i64,
    /// Distinguishes events of one moment, and orders them.
    #[sea_orm(primary_key, auto_increment = false, column_name = "event_id")]
    pub id: Uuid,
    /// The camera that detected it.
    pub camera_key: i32,
    /// 0 to 100; `None` if the source's value could not be read.
    pub confidence: Option<f64>,
    /// The detector.
    pub detector_key: i32,
    /// Left edge of the bounding box in pixels of the frame. Either all four values are present, or none.
    pub x: Option<i32>,
    /// Upper edge of the bounding box in pixels of the frame.
    pub y: Option<i32>,
    /// Width of the bounding box in pixels.
    pub width: Option<i32>,
    /// Height of the bounding box in pixels.
    pub height: Option<i32>,
    /// The detection zone, if the source has one.
    pub zone_key: Option<i32>,
}

/// What the keys refer to. Exports look each key up once, and do not join.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The camera.
    #[sea_orm(belongs_to = "super::camera::Entity", from = "Column::CameraKey", to = "super::camera::Column::Key")]
    Camera,
    /// The detector.
    #[sea_orm(
        belongs_to = "super::detector::Entity",
        from = "Column::DetectorKey",
        to = "super::detector::Column::Key"
    )]
    Detector,
    /// The zone.
    #[sea_orm(belongs_to = "super::zone::Entity", from = "Column::ZoneKey", to = "super::zone::Column::Key")]
    Zone,
}

impl ActiveModelBehavior for ActiveModel {}
