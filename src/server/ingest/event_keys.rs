//! The keys that stored events have in place of texts. Missing ones are created.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait};

use super::event::Event;
use crate::server::db::entity::{camera, detector, motion_event, zone};

/// The keys of all texts. It must be used by one writer at a time: imports exclude each other.
#[derive(Debug)]
pub struct EventKeys {
    cameras: HashMap<String, i32>,
    detectors: HashMap<String, i32>,
    zones: HashMap<String, i32>,
}

impl EventKeys {
    /// Reads the stored keys.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn read(database: &impl ConnectionTrait) -> Result<Self, DbErr> {
        let cameras = camera::Entity::find().all(database).await?;
        let detectors = detector::Entity::find().all(database).await?;
        let zones = zone::Entity::find().all(database).await?;
        Ok(Self {
            cameras: cameras.into_iter().map(|camera| (camera.id, camera.key)).collect(),
            detectors: detectors.into_iter().map(|detector| (detector.name, detector.key)).collect(),
            zones: zones.into_iter().map(|zone| (zone.id, zone.key)).collect(),
        })
    }

    /// Stores a camera, which is not stored yet.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to, or if the camera is stored.
    pub async fn add_camera(
        &mut self,
        database: &impl ConnectionTrait,
        id: &str,
        name: Option<&str>,
    ) -> Result<(), DbErr> {
        let row =
            camera::ActiveModel { id: Set(id.to_owned()), name: Set(name.map(str::to_owned)), ..Default::default() };
        let key = row.insert(database).await?.key;
        self.cameras.insert(id.to_owned(), key);
        Ok(())
    }

    /// Returns an event as it is stored. Detectors and zones that are new are stored; its camera must be.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to, or if the camera is not stored.
    pub async fn encode(
        &mut self,
        database: &impl ConnectionTrait,
        event: Event,
    ) -> Result<motion_event::ActiveModel, DbErr> {
        let Event { timestamp, id, camera_id, confidence, algorithm, x, y, width, height, zone_id } = event;
        let camera_key = *self.cameras.get(&camera_id).ok_or_else(|| unknown_camera(&camera_id))?;
        let detector_key = if let Some(key) = self.detectors.get(&algorithm) {
            *key
        } else {
            let row = detector::ActiveModel { name: Set(algorithm.clone()), ..Default::default() };
            let key = row.insert(database).await?.key;
            self.detectors.insert(algorithm, key);
            key
        };
        let zone_key = match zone_id {
            None => None,
            Some(zone_id) => Some(self.zone_key(database, zone_id).await?),
        };
        Ok(motion_event::ActiveModel {
            timestamp: Set(timestamp),
            id: Set(id),
            camera_key: Set(camera_key),
            confidence: Set(confidence),
            detector_key: Set(detector_key),
            x: Set(x),
            y: Set(y),
            width: Set(width),
            height: Set(height),
            zone_key: Set(zone_key),
        })
    }

    async fn zone_key(&mut self, database: &impl ConnectionTrait, zone_id: String) -> Result<i32, DbErr> {
        if let Some(key) = self.zones.get(&zone_id) {
            return Ok(*key);
        }
        let row = zone::ActiveModel { id: Set(zone_id.clone()), ..Default::default() };
        let key = row.insert(database).await?.key;
        self.zones.insert(zone_id, key);
        Ok(key)
    }
}

fn unknown_camera(id: &str) -> DbErr {
    DbErr::RecordNotFound(format!("the camera {id} of an event is not stored"))
}
