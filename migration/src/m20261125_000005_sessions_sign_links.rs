//! Adds to a session the key that signs its links, and an id that links carry in the open. A link works no longer than
//! its session. A session now always belongs to a user. No earlier version wrote sessions, so the table is created
//! again.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("sessions").to_owned()).await?;
        manager
            .create_table(
                sessions()
                    .col(ColumnDef::new("user_id").uuid().not_null())
                    .col(ColumnDef::new("link_id").uuid().not_null().unique_key())
                    .col(ColumnDef::new("link_key").binary().not_null())
                    .to_owned(),
            )
            .await?;
        // For signing out everywhere, and for removing a user.
        manager
            .create_index(Index::create().name("sessions_user_id").table("sessions").col("user_id").to_owned())
            .await?;
        manager
            .create_index(Index::create().name("api_tokens_user_id").table("api_tokens").col("user_id").to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("api_tokens_user_id").table("api_tokens").to_owned()).await?;
        manager.drop_table(Table::drop().table("sessions").to_owned()).await?;
        manager.create_table(sessions().col(ColumnDef::new("user_id").uuid().null()).to_owned()).await
    }
}

/// Returns the columns that a session has before and after this migration.
fn sessions() -> TableCreateStatement {
    Table::create()
        .table("sessions")
        .col(ColumnDef::new("id_hash").binary().not_null().primary_key())
        .col(ColumnDef::new("data").binary().not_null())
        .col(ColumnDef::new("created_at").big_integer().not_null())
        .col(ColumnDef::new("last_seen_at").big_integer().not_null())
        .col(ColumnDef::new("expires_at").big_integer().not_null())
        .foreign_key(
            ForeignKey::create().from("sessions", "user_id").to("users", "id").on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}
