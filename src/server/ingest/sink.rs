//! Writes imported events in batches, within one transaction that is committed at the very end. While the database writes
//! a batch, the next one is read and converted, up to its statement.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryOrder, RuntimeErr, Statement};
use tokio::task::JoinHandle;
use tracing::warn;

use super::camera_ids::CameraIds;
use super::event::Event;
use super::event_keys::EventKeys;
use super::recognize::native_ids::Origin;
use super::recognize::{BATCH, ByIdOrContents, NativeId, Offered};
use super::summary::Summary;
use crate::messages::import::ImportFinding;
use crate::server::db::entity::{camera, motion_event};
use crate::server::db::locks::IMPORT_LOCK_KEY;
use crate::server::db::partitions::{self, Month, Partitions};
use crate::server::db::pool::{Pool, Transaction};

pub mod insert;

/// What to do if a stored camera has another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownName {
    /// Use the name in the source, where cameras are named.
    Replace,
    /// Keep the stored name, because the source only repeats names.
    Keep,
}

/// An import in progress.
#[derive(Debug)]
pub struct EventWriter {
    /// The summary so far.
    pub summary: Summary,
    database: Pool,
    transaction: Arc<Transaction>,
    /// The number of events of the batch that the database writes now, and the task that waits for it.
    writing: Option<(u64, JoinHandle<Result<u64, DbErr>>)>,
    /// The number of events of the batch to be written next, and its statement.
    ready: Option<(u64, Statement)>,
    keys: EventKeys,
    cameras: HashMap<String, Option<String>>,
    /// The ids of the cameras that were stored before this import.
    stored_before: CameraIds,
    partitions: Partitions,
    /// The months that were written to, if each has a partition.
    months: BTreeSet<Month>,
    native: ByIdOrContents,
    /// Events that may be stored already.
    offered_events: Vec<Offered>,
    /// Events to write.
    batch: Vec<motion_event::Model>,
}

impl EventWriter {
    /// Starts the transaction.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn begin(database: &Pool) -> Result<Self, DbErr> {
        let transaction = database.begin_write().await?;
        // The result of a lookup must stay valid until the import ends.
        if database.get_database_backend() == DbBackend::Postgres {
            transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({IMPORT_LOCK_KEY})")).await?;
        }
        let cameras = camera::Entity::find().order_by_asc(camera::Column::Id).all(&transaction).await?;
        let mut stored_before = CameraIds::default();
        for camera in &cameras {
            stored_before.insert(camera.id.clone(), camera.id.clone());
        }
        let keys = EventKeys::read(&transaction).await?;
        let partitions = Partitions::known(&transaction).await?;
        Ok(Self {
            summary: Summary::default(),
            database: database.clone(),
            transaction: Arc::new(transaction),
            writing: None,
            ready: None,
            partitions,
            months: BTreeSet::new(),
            keys,
            cameras: cameras.into_iter().map(|camera| (camera.id, camera.name)).collect(),
            stored_before,
            native: ByIdOrContents::default(),
            offered_events: Vec::with_capacity(BATCH),
            batch: Vec::with_capacity(BATCH),
        })
    }

    /// Returns the transaction, for lookups that need not find the last batches.
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// Stores or renames a camera if necessary. Must be called before the camera's first event.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn camera(&mut self, id: &str, name: Option<&str>, known: KnownName) -> Result<(), DbErr> {
        match self.cameras.get(id) {
            None => {
                if self.keys.add_camera(&*self.transaction, id, name).await? {
                    self.summary.cameras_new += 1;
                } else {
                    self.summary.cameras_already_there += 1;
                }
            }
            Some(before)
                if name.is_some() && before.as_deref() != name && (before.is_none() || known == KnownName::Replace) =>
            {
                let named = camera::ActiveModel {
                    id: Set(id.to_owned()),
                    name: Set(name.map(str::to_owned)),
                    ..Default::default()
                };
                named.update(&*self.transaction).await?;
                self.summary.cameras_renamed += 1;
            }
            Some(_) => {
                self.summary.cameras_already_there += 1;
                return Ok(());
            }
        }
        self.cameras.insert(id.to_owned(), name.map(str::to_owned));
        Ok(())
    }

    /// Returns the id of the camera that was stored before this import and has the same UUID in another spelling.
    /// `None` if there is no such camera, or if a camera has exactly this id.
    pub fn stored_camera_with_uuid(&self, id: &str) -> Option<&str> {
        if self.cameras.contains_key(id) { None } else { self.stored_before.get_by_uuid(id) }
    }

    /// Declares that the events come in order of time, so that lookups of past moments can be forgotten.
    pub fn expect_order_of_time(&mut self) {
        self.native.expect_order_of_time();
    }

    /// Whether a camera is stored.
    pub fn knows_camera(&self, id: &str) -> bool {
        self.cameras.contains_key(id)
    }

    /// Imports an event with an id that no other event of its moment has, or counts it as already stored.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn event(&mut self, event: Event) -> Result<(), DbErr> {
        self.offer(Offered { event, native: None }).await
    }

    /// Imports an event whose id was assigned from its native id, `native`, or counts it as already stored. Other events of the
    /// source may have the same native id at the same moment. Counts ids that had to be derived from the contents.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn event_of_source(&mut self, event: Event, native: String, origin: Origin) -> Result<(), DbErr> {
        if origin == Origin::Missing {
            self.summary.repair(ImportFinding::IdMissing, None);
            return self.event(event).await;
        }
        let is_repeated = origin == Origin::Repeated;
        if is_repeated {
            self.summary.repair(ImportFinding::IdRepeated, Some(&native));
        }
        self.offer(Offered { event, native: Some(NativeId { text: native, is_repeated }) }).await
    }

    async fn offer(&mut self, offered: Offered) -> Result<(), DbErr> {
        self.offered_events.push(offered);
        if self.offered_events.len() >= BATCH { self.recognize().await } else { Ok(()) }
    }

    /// Imports those of the offered events that are not stored.
    async fn recognize(&mut self) -> Result<(), DbErr> {
        let offered_events = std::mem::replace(&mut self.offered_events, Vec::with_capacity(BATCH));
        let offered = offered_events.len();
        // The lookup must find the events of this import.
        self.written().await?;
        let unknown = self.native.unknown(offered_events, &self.transaction).await?;
        // Some of these were offered before, and counted as already stored.
        self.summary.already_there = self.summary.already_there + offered as u64 - unknown.len() as u64;
        for event in unknown {
            self.new_event(event).await?;
        }
        self.prepare().await?;
        self.write().await
    }

    /// Imports an event that is known to be new.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn new_event(&mut self, event: Event) -> Result<(), DbErr> {
        self.partitions.create_for(&*self.transaction, [event.timestamp]).await?;
        if let Partitions::Of(_) = self.partitions {
            self.months.extend(Month::of(event.timestamp));
        }
        let event = self.keys.encode(&*self.transaction, event).await?;
        self.batch.push(event);
        if self.batch.len() >= BATCH { self.prepare().await } else { Ok(()) }
    }

    /// Prepares the statement of the batch.
    async fn prepare(&mut self) -> Result<(), DbErr> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.write().await?;
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.ready = Some((batch.len() as u64, insert::statement(batch, self.database.get_database_backend())));
        Ok(())
    }

    /// Starts to write the batch that is ready.
    ///
    /// # Errors
    /// Returns an error if the batch before it could not be written.
    pub async fn write(&mut self) -> Result<(), DbErr> {
        let Some((offered, statement)) = self.ready.take() else { return Ok(()) };
        self.await_writing().await?;
        let transaction = Arc::clone(&self.transaction);
        let task = tokio::spawn(async move { Ok(transaction.execute_raw(statement).await?.rows_affected()) });
        self.writing = Some((offered, task));
        Ok(())
    }

    /// Waits until the database has written all batches.
    async fn written(&mut self) -> Result<(), DbErr> {
        self.write().await?;
        self.await_writing().await
    }

    /// Waits for the batch that the database writes.
    async fn await_writing(&mut self) -> Result<(), DbErr> {
        let Some((offered, task)) = self.writing.take() else { return Ok(()) };
        let written = task.await.map_err(|panic| internal(panic.to_string()))??;
        self.summary.imported += written;
        self.summary.already_there += offered - written;
        Ok(())
    }

    /// Rolls the import back. Returns what was found in the source.
    ///
    /// # Errors
    /// Returns an error if the database does not answer; nothing of the import is stored then either.
    pub async fn roll_back(mut self) -> Result<Summary, DbErr> {
        // What is rolled back need not have been written.
        let _ = self.await_writing().await;
        only(self.transaction)?.rollback().await?;
        let Summary { left_out, skipped, repaired, .. } = self.summary;
        Ok(Summary { left_out, skipped, repaired, ..Summary::default() })
    }

    /// Commits the import of a source's events, or rolls it back if all of them had to be skipped.
    ///
    /// # Errors
    /// Returns an error if the database does not answer; nothing of the import is stored then.
    pub async fn end(self, any_imported: bool) -> Result<Summary, DbErr> {
        if any_imported || self.summary.skipped_events() == 0 { self.commit().await } else { self.roll_back().await }
    }

    /// Writes the rest and commits the import.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to; nothing of the import is stored then.
    pub async fn commit(mut self) -> Result<Summary, DbErr> {
        self.recognize().await?;
        self.prepare().await?;
        self.written().await?;
        only(self.transaction)?.commit().await?;
        if self.summary.imported > 0
            && let Err(error) = partitions::vacuum(&self.database, self.months).await
        {
            warn!(%error, "cannot vacuum the partitions of the imported events");
        }
        Ok(self.summary)
    }
}

/// Returns the transaction, which no batch uses any more.
fn only(transaction: Arc<Transaction>) -> Result<Transaction, DbErr> {
    Arc::into_inner(transaction).ok_or_else(|| internal("a batch is still being written".to_owned()))
}

fn internal(reason: String) -> DbErr {
    DbErr::Exec(RuntimeErr::Internal(reason))
}
