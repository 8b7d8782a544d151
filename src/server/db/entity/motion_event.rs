//! One detection of motion.

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
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The camera that detected it.
    pub camera_id: String,
    /// 0 to 100; `None` if the source's value could not be read.
    pub confidence: Option<f64>,
    /// `MOG2`, `KNN`, `frame_diff`, or another detector's own name.
    pub algorithm: String,
    /// Left edge of the bounding box in pixels of the frame. Either all four values are present, or none.
    pub x: Option<i32>,
    /// Upper edge of the bounding box in pixels of the frame.
    pub y: Option<i32>,
    /// Width of the bounding box in pixels.
    pub width: Option<i32>,
    /// Height of the bounding box in pixels.
    pub height: Option<i32>,
    /// The detection zone, if the source has one.
    pub zone_id: Option<String>,
    /// When the row was stored here, in microseconds since 1970-01-01T00:00:00Z. Not exported.
    pub created_at: i64,
}

/// The camera is looked up once for each export, not joined row by row.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
