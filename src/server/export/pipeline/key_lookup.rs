//! Looks up what keys of events refer to.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Select};
use tokio::runtime::Handle;

use crate::server::db::entity::{camera, detector, zone};
use crate::server::db::pool::Pool;
use crate::server::export::event::{Key, KeyText};

/// The number of keys that are looked up at once, at first: keys of one time are close to each other.
const BLOCK: i64 = 64;

/// The maximum number of keys that are looked up at once.
const MAX_BLOCK: i64 = 1_024;

/// The block becomes larger after one with fewer bytes of text than this, and smaller after one with four times as many.
const BLOCK_BYTES: usize = 64 * 1_024;

/// Looks up keys in the primary database, which has the key of each event that was read, also of one from a replica.
#[derive(Debug)]
pub struct KeyLookup {
    database: Pool,
    runtime: Handle,
    block: i64,
    /// The cameras that were looked up. A name must not change within a file, whichever window of it asks.
    cameras: HashMap<i64, KeyText>,
}

impl KeyLookup {
    /// Creates a look-up in that database. Must be called within the runtime.
    pub fn new(database: Pool) -> Self {
        Self { database, runtime: Handle::current(), block: BLOCK, cameras: HashMap::new() }
    }

    /// Returns what a key and its neighbours refer to; not the key if it does not exist. Must be called on a blocking thread.
    ///
    /// # Errors
    /// Returns an error if the database does not answer, or the text of the key is not UTF-8.
    pub fn look_up(&mut self, key: Key) -> Result<Vec<KeyText>, DbErr> {
        let found: Vec<KeyText> = self.runtime.block_on(async {
            match key {
                Key::Camera(key) => {
                    if let Some(known) = self.cameras.get(&key) {
                        return Ok(vec![known.clone()]);
                    }
                    let cameras = self.block(camera::Entity::find(), camera::Column::Key, key).await?;
                    Ok::<_, DbErr>(cameras.into_iter().map(KeyText::from).collect())
                }
                Key::Detector(key) => {
                    let found = self.block(detector::Entity::find(), detector::Column::Key, key).await?;
                    let text = |row: detector::Model| KeyText::Detector { key: row.key.into(), name: row.name };
                    Ok(found.into_iter().map(text).collect())
                }
                Key::Zone(key) => {
                    let found = self.block(zone::Entity::find(), zone::Column::Key, key).await?;
                    Ok(found.into_iter().map(|row| KeyText::Zone { key: row.key.into(), id: row.id }).collect())
                }
            }
        })?;
        let cameras = found.iter().filter_map(|text| match text {
            KeyText::Camera { key, .. } => Some((*key, text)),
            KeyText::Detector { .. } | KeyText::Zone { .. } => None,
        });
        for (key, camera) in cameras {
            self.cameras.entry(key).or_insert_with(|| camera.clone());
        }
        let bytes: usize = found.iter().map(KeyText::bytes).sum();
        if bytes < BLOCK_BYTES {
            self.block = (2 * self.block).min(MAX_BLOCK);
        } else if bytes > 4 * BLOCK_BYTES {
            self.block = (self.block / 2).max(1);
        }
        Ok(found)
    }

    /// Returns the rows with keys near `key`. If one of them cannot be read, only that with `key`.
    async fn block<E>(&self, rows: Select<E>, column: E::Column, key: i64) -> Result<Vec<E::Model>, DbErr>
    where
        E: EntityTrait,
        E::Model: FromQueryResult + Send + Sync,
    {
        let first = key - key.rem_euclid(self.block);
        let block = rows.clone().filter(column.between(first, first + self.block - 1)).all(&self.database).await;
        match block {
            Err(DbErr::Query(_) | DbErr::Type(_)) => rows.filter(column.eq(key)).all(&self.database).await,
            block => block,
        }
    }
}
