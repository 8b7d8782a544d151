//! The keys that stored events have in place of texts. Missing ones are created.

use std::collections::{HashMap, HashSet};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, QueryTrait,
};

use super::event::Event;
use crate::server::db::entity::{camera, detector, motion_event, zone};
use crate::server::db::unix_micros::UnixMicros;

/// The keys of texts. Other writers may store texts meanwhile, so one that has no key here may have one in the database.
#[derive(Debug)]
pub struct EventKeys {
    cameras: HashMap<String, i32>,
    detectors: HashMap<String, i32>,
    zones: HashMap<String, i32>,
}

/// The distinct texts of some events.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// The ids of their cameras.
    pub cameras: HashSet<String>,
    /// The names of their detectors.
    pub detectors: HashSet<String>,
    /// The ids of their zones.
    pub zones: HashSet<String>,
}

/// A camera that is stored.
#[derive(Clone, Debug)]
pub struct StoredCamera {
    /// Its name.
    pub name: Option<String>,
    /// The live source that has it.
    pub source: Option<String>,
    /// The moment before which its events were deleted, except for those that a hold keeps.
    pub deleted_to: Option<UnixMicros>,
}

/// A row of [`Texts::statement`].
#[derive(Debug, FromQueryResult)]
struct StoredText {
    kind: i32,
    key: i32,
    text: String,
    name: Option<String>,
    source: Option<String>,
    deleted_to: Option<UnixMicros>,
}

/// The kinds of a [`StoredText`].
const CAMERA: i32 = 0;
const DETECTOR: i32 = 1;
const ZONE: i32 = 2;

impl Texts {
    /// Returns one statement for all kinds, because a request with one event spends most of its time between statements.
    fn statement(self) -> SelectStatement {
        let mut all = camera::Entity::find()
            .select_only()
            .expr_as(Expr::val(CAMERA), "kind")
            .column(camera::Column::Key)
            .column_as(camera::Column::Id, "text")
            .columns([camera::Column::Name, camera::Column::Source, camera::Column::DeletedTo])
            .filter(camera::Column::Id.is_in(self.cameras))
            .into_query();
        let without_details = [(); 3].map(|()| Expr::cust("NULL"));
        if !self.detectors.is_empty() {
            let detectors = Query::select()
                .expr(Expr::val(DETECTOR))
                .columns([detector::Column::Key, detector::Column::Name])
                .exprs(without_details.clone())
                .from(detector::Entity)
                .and_where(detector::Column::Name.is_in(self.detectors))
                .to_owned();
            all.union(UnionType::All, detectors);
        }
        if !self.zones.is_empty() {
            let zones = Query::select()
                .expr(Expr::val(ZONE))
                .columns([zone::Column::Key, zone::Column::Id])
                .exprs(without_details)
                .from(zone::Entity)
                .and_where(zone::Column::Id.is_in(self.zones))
                .to_owned();
            all.union(UnionType::All, zones);
        }
        all
    }
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

    /// Reads the keys of these texts, and what is stored of the cameras, by their ids.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn of(
        database: &impl ConnectionTrait,
        texts: Texts,
    ) -> Result<(Self, HashMap<String, StoredCamera>), DbErr> {
        let mut keys = Self { cameras: HashMap::new(), detectors: HashMap::new(), zones: HashMap::new() };
        let mut cameras = HashMap::new();
        for row in database.query_all(&texts.statement()).await? {
            let StoredText { kind, key, text, name, source, deleted_to } = StoredText::from_query_result(&row, "")?;
            match kind {
                CAMERA => {
                    cameras.insert(text.clone(), StoredCamera { name, source, deleted_to });
                    keys.cameras.insert(text, key);
                }
                DETECTOR => drop(keys.detectors.insert(text, key)),
                _ => drop(keys.zones.insert(text, key)),
            }
        }
        Ok((keys, cameras))
    }

    /// Stores a camera that has no key here. Returns whether it is new, and not one that another writer has just stored.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn add_camera(
        &mut self,
        database: &impl ConnectionTrait,
        id: &str,
        name: Option<&str>,
    ) -> Result<bool, DbErr> {
        let row =
            camera::ActiveModel { id: Set(id.to_owned()), name: Set(name.map(str::to_owned)), ..Default::default() };
        let is_new =
            camera::Entity::insert(row).on_conflict(unless_stored()).exec_without_returning(database).await? > 0;
        let stored = camera::Entity::find_by_id(id).one(database).await?.ok_or_else(|| unknown_camera(id))?;
        self.cameras.insert(id.to_owned(), stored.key);
        Ok(is_new)
    }

    /// Returns an event as it is stored. Detectors and zones that are new are stored; its camera must be.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to, or if the camera is not stored.
    pub async fn encode(
        &mut self,
        database: &impl ConnectionTrait,
        event: Event,
    ) -> Result<motion_event::Model, DbErr> {
        let Event { timestamp, id, camera_id, confidence, algorithm, x, y, width, height, zone_id } = event;
        let camera_key = *self.cameras.get(&camera_id).ok_or_else(|| unknown_camera(&camera_id))?;
        let detector_key = match self.detectors.get(&algorithm) {
            Some(key) => *key,
            None => self.add_detector(database, algorithm).await?,
        };
        let zone_key = match zone_id {
            None => None,
            Some(zone_id) => Some(self.zone_key(database, zone_id).await?),
        };
        Ok(motion_event::Model { timestamp, id, camera_key, confidence, detector_key, x, y, width, height, zone_key })
    }

    async fn add_detector(&mut self, database: &impl ConnectionTrait, name: String) -> Result<i32, DbErr> {
        let row = detector::ActiveModel { name: Set(name.clone()), ..Default::default() };
        detector::Entity::insert(row).on_conflict(unless_stored()).exec_without_returning(database).await?;
        let stored = detector::Entity::find().filter(detector::Column::Name.eq(&name)).one(database).await?;
        let key = stored.ok_or_else(|| DbErr::RecordNotFound(format!("the detector {name}")))?.key;
        self.detectors.insert(name, key);
        Ok(key)
    }

    async fn zone_key(&mut self, database: &impl ConnectionTrait, zone_id: String) -> Result<i32, DbErr> {
        if let Some(key) = self.zones.get(&zone_id) {
            return Ok(*key);
        }
        let row = zone::ActiveModel { id: Set(zone_id.clone()), ..Default::default() };
        zone::Entity::insert(row).on_conflict(unless_stored()).exec_without_returning(database).await?;
        let stored = zone::Entity::find().filter(zone::Column::Id.eq(&zone_id)).one(database).await?;
        let key = stored.ok_or_else(|| DbErr::RecordNotFound(format!("the zone {zone_id}")))?.key;
        self.zones.insert(zone_id, key);
        Ok(key)
    }
}

/// Skips a text that another writer has just stored. No column is named, because PostgreSQL's constraints are not unique
/// indexes.
fn unless_stored() -> OnConflict {
    OnConflict::new().do_nothing().to_owned()
}

fn unknown_camera(id: &str) -> DbErr {
    DbErr::RecordNotFound(format!("the camera {id} of an event is not stored"))
}
