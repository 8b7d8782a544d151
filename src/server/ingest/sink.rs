//! Where imported events go: batches, inside one transaction that is committed at the very end.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel, QueryOrder,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use super::camera_ids::CameraIds;
use super::recognize::{BATCH, ByIdOrContents, NativeId, Offered};
use super::summary::Summary;
use crate::server::db::entity::{camera, motion_event};
use crate::server::db::locks::IMPORT_LOCK_KEY;
use crate::server::db::partitions::Partitions;
use crate::server::db::pool::{Pool, Transaction};
use crate::server::db::unix_micros::UnixMicros;

/// What to do where a camera is known under another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownName {
    /// The source is where cameras are named: take its name.
    Replace,
    /// The source only repeats names: keep ours.
    Keep,
}

/// An import in progress.
#[derive(Debug)]
pub struct EventWriter {
    /// What has been done so far.
    pub summary: Summary,
    transaction: Transaction,
    /// When the rows are written.
    now: UnixMicros,
    cameras: HashMap<String, Option<String>>,
    /// The ids of the cameras that were stored before this import.
    stored_before: CameraIds,
    partitions: Partitions,
    native: ByIdOrContents,
    /// Events that may be there already.
    reported: Vec<Offered>,
    /// Events to write.
    batch: Vec<motion_event::ActiveModel>,
}

impl EventWriter {
    /// Begins the transaction. `now` becomes the `created_at` of the events.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn begin(database: &Pool, now: UnixMicros) -> Result<Self, DbErr> {
        // A transaction that reads first and wants to write later fails where somebody else has written in between.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = database.begin_with_options(options).await?;
        // What is looked up in an import has to be so until it ends.
        if database.get_database_backend() == DbBackend::Postgres {
            transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({IMPORT_LOCK_KEY})")).await?;
        }
        let cameras = camera::Entity::find().order_by_asc(camera::Column::Id).all(&transaction).await?;
        let mut stored_before = CameraIds::default();
        for camera in &cameras {
            stored_before.insert(camera.id.clone(), camera.id.clone());
        }
        let partitions = Partitions::known(&transaction).await?;
        Ok(Self {
            summary: Summary::default(),
            transaction,
            partitions,
            now,
            cameras: cameras.into_iter().map(|camera| (camera.id, camera.name)).collect(),
            stored_before,
            native: ByIdOrContents::default(),
            reported: Vec::with_capacity(BATCH),
            batch: Vec::with_capacity(BATCH),
        })
    }

    /// The transaction, to look things up in.
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// Sees to it that a camera is there. Has to be called before the camera's first event.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn camera(&mut self, id: &str, name: Option<&str>, known: KnownName) -> Result<(), DbErr> {
        let row = || camera::ActiveModel { id: Set(id.to_owned()), name: Set(name.map(str::to_owned)) };
        match self.cameras.get(id) {
            None => {
                row().insert(&self.transaction).await?;
                self.summary.cameras_new += 1;
            }
            Some(before)
                if name.is_some() && before.as_deref() != name && (before.is_none() || known == KnownName::Replace) =>
            {
                row().update(&self.transaction).await?;
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

    /// Returns the id of the camera that was there before this import and has the same UUID, which may be written in another
    /// way. `None` if there is no such camera, or one has exactly this id.
    pub fn same_camera(&self, id: &str) -> Option<&str> {
        if self.cameras.contains_key(id) { None } else { self.stored_before.get_by_uuid(id) }
    }

    /// Declares that the events come in order of time, so that what was looked up of passed moments can be forgotten.
    pub fn expect_order_of_time(&mut self) {
        self.native.expect_order_of_time();
    }

    /// Whether a camera is there.
    pub fn knows_camera(&self, id: &str) -> bool {
        self.cameras.contains_key(id)
    }

    /// Takes an event with an id that no other event of its moment has, or counts it as already there. `created_at` is filled
    /// in here.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn event(&mut self, event: motion_event::Model) -> Result<(), DbErr> {
        self.offer(Offered { event, native: None }).await
    }

    /// Takes an event whose id is made of its native id, `native`, which other events of the source may have at the same
    /// moment, or counts it as already there. `is_repeated`: an earlier event of this import has it. `created_at` is filled
    /// in here.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn event_of_source(
        &mut self,
        event: motion_event::Model,
        native: String,
        is_repeated: bool,
    ) -> Result<(), DbErr> {
        self.offer(Offered { event, native: Some(NativeId { text: native, is_repeated }) }).await
    }

    async fn offer(&mut self, offered: Offered) -> Result<(), DbErr> {
        self.reported.push(offered);
        if self.reported.len() >= BATCH { self.recognize().await } else { Ok(()) }
    }

    /// Takes those of the reported events that are not there.
    async fn recognize(&mut self) -> Result<(), DbErr> {
        let reported = std::mem::replace(&mut self.reported, Vec::with_capacity(BATCH));
        let offered = reported.len();
        let unknown = self.native.unknown(reported, &self.transaction).await?;
        // Some of these were offered, and counted as already there, before.
        self.summary.already_there = self.summary.already_there + offered as u64 - unknown.len() as u64;
        for event in unknown {
            self.new_event(event).await?;
        }
        // What is looked up next has to include these.
        self.write().await
    }

    /// Takes an event that is known not to be there. `created_at` is filled in here.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to.
    pub async fn new_event(&mut self, event: motion_event::Model) -> Result<(), DbErr> {
        self.partitions.create_for(&self.transaction, [event.timestamp]).await?;
        self.batch
            .push(motion_event::Model { created_at: self.now.as_micros(), ..event }.into_active_model().reset_all());
        if self.batch.len() >= BATCH { self.write().await } else { Ok(()) }
    }

    async fn write(&mut self) -> Result<(), DbErr> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        let offered = batch.len() as u64;
        let written = motion_event::Entity::insert_many(batch)
            .on_conflict_do_nothing_on([motion_event::Column::Timestamp, motion_event::Column::Id])
            .exec_without_returning(&self.transaction)
            .await?;
        let written = match written {
            sea_orm::TryInsertResult::Inserted(rows) => rows,
            sea_orm::TryInsertResult::Empty | sea_orm::TryInsertResult::Conflicted => 0,
        };
        self.summary.imported += written;
        self.summary.already_there += offered - written;
        Ok(())
    }

    /// Gives the import up: nothing of it stays in the database. Returns what was found in the source.
    ///
    /// # Errors
    /// Returns an error if the database does not answer; nothing of the import is there then either.
    pub async fn roll_back(self) -> Result<Summary, DbErr> {
        self.transaction.rollback().await?;
        let Summary { skipped, repaired, .. } = self.summary;
        Ok(Summary { skipped, repaired, ..Summary::default() })
    }

    /// Writes the rest and makes all of it last.
    ///
    /// # Errors
    /// Returns an error if the database cannot be written to; nothing of the import is there then.
    pub async fn commit(mut self) -> Result<Summary, DbErr> {
        self.recognize().await?;
        self.write().await?;
        self.transaction.commit().await?;
        Ok(self.summary)
    }
}
