//! Adds what retention needs: how many days each camera's events are kept and up to when they were deleted, the holds that
//! exempt events, and the records of deletions. An export record says up to when events of its selection were deleted.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in [
            "ALTER TABLE cameras ADD COLUMN keep_days INTEGER NULL CHECK (keep_days >= 0)",
            "ALTER TABLE cameras ADD COLUMN deleted_to BIGINT NULL",
            "ALTER TABLE cameras ADD COLUMN deleted_rows BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE exports ADD COLUMN deleted_to BIGINT NULL",
        ] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("holds")
                    .col(ColumnDef::new("id").uuid().not_null().primary_key())
                    // Without a camera, the hold is for all of them.
                    .col(ColumnDef::new("camera_id").text().null())
                    .col(ColumnDef::new("starts_at").big_integer().not_null())
                    .col(ColumnDef::new("ends_at").big_integer().not_null())
                    .col(ColumnDef::new("why").text().not_null())
                    .col(ColumnDef::new("who").text().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("released_at").big_integer().null())
                    .col(ColumnDef::new("released_by").text().null())
                    .foreign_key(ForeignKey::create().from("holds", "camera_id").to("cameras", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("deletions")
                    .col(ColumnDef::new("id").uuid().not_null().primary_key())
                    .col(ColumnDef::new("started_at").big_integer().not_null())
                    // Empty while the deletion runs, and if it was broken off.
                    .col(ColumnDef::new("finished_at").big_integer().null())
                    .col(
                        ColumnDef::new("rule")
                            .text()
                            .not_null()
                            .check(Expr::col("rule").is_in(["general", "camera", "detached"])),
                    )
                    .col(ColumnDef::new("keep_days").integer().null())
                    .col(ColumnDef::new("deleted_to").big_integer().not_null())
                    // The ids of the cameras, as a JSON array.
                    .col(ColumnDef::new("cameras").text().not_null())
                    .col(ColumnDef::new("rows").big_integer().not_null())
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("deletions_started_at").table("deletions").col("started_at").to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in [
            "DROP TABLE deletions",
            "DROP TABLE holds",
            "ALTER TABLE exports DROP COLUMN deleted_to",
            "ALTER TABLE cameras DROP COLUMN deleted_rows",
            "ALTER TABLE cameras DROP COLUMN deleted_to",
            "ALTER TABLE cameras DROP COLUMN keep_days",
        ] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
