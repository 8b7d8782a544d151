//! An event with its texts, as sources have it and as stored events are compared with it.

use sea_orm::{EntityTrait, FromQueryResult, JoinType, QuerySelect, RelationTrait, Select};
use uuid::Uuid;

use crate::server::db::entity::motion_event::{Column, Entity, Relation};
use crate::server::db::entity::{camera, detector, zone};

#[cfg(test)]
pub mod test_event;

/// One detection of motion.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct Event {
    /// When motion was detected, in microseconds since 1970-01-01T00:00:00Z.
    pub timestamp: i64,
    /// Distinguishes events of one moment, and orders them.
    pub id: Uuid,
    /// The id of the camera that detected it.
    pub camera_id: String,
    /// 0 to 100; `None` if the source's value could not be read.
    pub confidence: Option<f64>,
    /// The name of the detector.
    pub algorithm: String,
    /// Left edge of the bounding box in pixels of the frame. Either all four values are present, or none.
    pub x: Option<i32>,
    /// Upper edge of the bounding box in pixels of the frame.
    pub y: Option<i32>,
    /// Width of the bounding box in pixels.
    pub width: Option<i32>,
    /// Height of the bounding box in pixels.
    pub height: Option<i32>,
    /// The id of the detection zone, if the source has one.
    pub zone_id: Option<String>,
}

impl Event {
    /// Returns the query for the stored events, with the texts of their keys.
    pub fn stored() -> Select<Entity> {
        // Outer joins: the database reads the events first, by the condition on them.
        Entity::find()
            .select_only()
            .column(Column::Timestamp)
            .column_as(Column::Id, "id")
            .column_as(camera::Column::Id, "camera_id")
            .columns([Column::Confidence, Column::X, Column::Y, Column::Width, Column::Height])
            .column_as(detector::Column::Name, "algorithm")
            .column_as(zone::Column::Id, "zone_id")
            .join(JoinType::LeftJoin, Relation::Camera.def())
            .join(JoinType::LeftJoin, Relation::Detector.def())
            .join(JoinType::LeftJoin, Relation::Zone.def())
    }
}
