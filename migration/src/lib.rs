//! The migrations of the database schema. Each changes one thing, can be undone, and runs in one transaction, for
//! which SQLite needs `use_transaction`. Migrations name tables by text instead of using the entities in
//! `motion_export::server::db::entity`, because their meaning must not change when the entities do.

pub use sea_orm_migration::prelude::MigratorTrait;
use sea_orm_migration::prelude::{MigrationTrait, async_trait};

pub mod disk_space;
mod m20261124_000001_cameras;
mod m20261124_000002_motion_events;
mod m20261124_000003_accounts;
mod m20261124_000004_exports;
mod m20261125_000005_sessions_sign_links;
mod m20261125_000006_exports_tell_who;
mod m20261125_000007_exports_of_replicas;
mod m20261129_000008_marks;
mod m20261129_000009_reasons_as_codes;
mod m20261129_000010_integer_keys;
mod m20261129_000011_exports_cancel_requests;
mod m20261129_000012_write_tokens;
mod m20261130_000013_sources;
mod m20261130_000014_retention;
mod m20261130_000015_source_mqtt;
pub mod plan;

/// Migrates a database to the current schema, or back.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_cameras::Migration),
            Box::new(m20261124_000002_motion_events::Migration),
            Box::new(m20261124_000003_accounts::Migration),
            Box::new(m20261124_000004_exports::Migration),
            Box::new(m20261125_000005_sessions_sign_links::Migration),
            Box::new(m20261125_000006_exports_tell_who::Migration),
            Box::new(m20261125_000007_exports_of_replicas::Migration),
            Box::new(m20261129_000008_marks::Migration),
            Box::new(m20261129_000009_reasons_as_codes::Migration),
            Box::new(m20261129_000010_integer_keys::Migration),
            Box::new(m20261129_000011_exports_cancel_requests::Migration),
            Box::new(m20261129_000012_write_tokens::Migration),
            Box::new(m20261130_000013_sources::Migration),
            Box::new(m20261130_000014_retention::Migration),
            Box::new(m20261130_000015_source_mqtt::Migration),
        ]
    }
}
